"""Every boundary between two statements of claim and settle: death or a lost connection there doubles nothing."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from arxos.domain.jobs.retry import RetryPolicy
from tests.faults.conftest import MakeSystem
from tests.faults.dying_beat import DIED
from tests.faults.dying_worker import DYING, LIVING, MET, How
from tests.faults.system import System

BUDGET = RetryPolicy().max_attempts
OUTCOME = {How.REPORTED: "lost", How.SWEPT: "lost", How.UNSENT: "interrupted", How.UNANSWERED: "interrupted"}

pytestmark = pytest.mark.slow


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """A ledger, and no process but the test's own."""
    return make_system(roles=())


def boundaries(system: System, how: How, jobs: int, without: str | None) -> list[dict[str, Any]]:
    """What came of each."""
    command = [sys.executable, "-m", "tests.faults.dying_worker", without or "nothing", how.name, str(jobs)]
    done = subprocess.run(command, env=os.environ | system.variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"AssertionError\n{done.stderr[-3000:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def fate(jobs: int, how: How) -> Any:
    """Of one job or of a batch; most of them only among all faults."""
    often = (jobs, how) in {(1, How.REPORTED), (3, How.UNANSWERED)}
    return pytest.param(jobs, how, marks=() if often else pytest.mark.faults_slow, id=f"{how.name.lower()}-{jobs}")


@pytest.mark.parametrize(("jobs", "how"), [fate(jobs, how) for jobs in (1, 3) for how in How])
def test_whatever_happens_between_two_statements_is_made_good(
    system: System, request: pytest.FixtureRequest, how: How, jobs: int
) -> None:
    lines = boundaries(system, how, jobs, request.config.getoption("--without"))
    expected = DIED if OUTCOME[how] == "lost" else MET
    assert [line["fate"] for line in lines] == [expected] * (len(lines) - 1) + [0]
    assert len(lines) > 12
    for line in lines:
        assert line["successor"] == ["queued", 0], line
        assert len(line["jobs"]) == jobs
        for job in line["jobs"]:
            happened_once(job, OUTCOME[how])
    # None before the claim was committed or after the settlement was; all between have cost one attempt.
    assert {job["attempt"] for line in lines for job in line["jobs"]} == {1, 2}


def happened_once(job: dict[str, Any], outcome: str) -> None:
    """One final state, one effect by the last attempt, one follow-up; one row of history for each attempt."""
    ended = [outcome] * (job["attempt"] - 1) + ["succeeded"]
    assert job["state"] == "succeeded", job
    assert (job["effects"], job["follow_ups"]) == ([job["attempt"]], 1), job
    assert [row[:2] for row in job["history"]] == [[number, word] for number, word in enumerate(ended, 1)], job
    assert {row[2] for row in job["history"]} <= {DYING, LIVING}, job
    assert job["lost"] == ended.count("lost"), job
    assert job["max_attempts"] == BUDGET + ended.count("interrupted"), job
