"""Cancelled jobs in real workers: bodies are told, clean up or are ended; nobody else is hit."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.operator import Operator
from tests.faults.conftest import MakeSystem
from tests.faults.system import System
from tests.faults.test_limits import CPU, SHORT_LEASE, all_gone, outcomes, pair, reason
from tests.faults.test_process_death import busy_children, strange
from tests.running import is_alive, wait_until

IO = ("relay", "worker-io")
OFFICE = Path(__file__).resolve().parents[2] / "examples" / "office.ifc"
TOLD_WITHIN_S = 2.0
SAYS = "cancelled by ada: wrong file"
GRACE = {"ARXOS_CANCEL_GRACE_S": "1"}

pytestmark = pytest.mark.slow


def cancelled(system: System, job_id: UUID, within_s: float = 20.0) -> Job:
    """The job once it is final, cancelled by Ada."""
    system.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    return system.reaches(job_id, within_s=within_s)


def clearing(system: System, path: Path, how: str, **fields: Any) -> UUID:
    """A job that runs until it is told to stop."""
    job_id: UUID = system.insert(strange(system, "clearing", path=str(path), how=how, **fields))[0]
    system.reaches(job_id, JobState.RUNNING)
    return job_id


@pytest.mark.parametrize(
    ("roles", "how", "queue"), [(CPU, "sleeps", "maintenance"), (CPU, "asks", "maintenance"), (IO, "asks", "health")]
)
def test_a_body_is_told_within_two_seconds_and_cleans_up_undisturbed(
    make_system: MakeSystem, tmp_path: Path, roles: tuple[str, ...], how: str, queue: str
) -> None:
    system = make_system(roles=roles, STRANGE="1")
    job_id = clearing(system, tmp_path / "told", how, queue=queue)
    [then] = system.burst(1, queue=queue, after=(job_id,))
    asked = time.time()
    job = cancelled(system, job_id)
    assert (job.state, job.error_message, outcomes(job)) == (JobState.CANCELLED, SAYS, ["cancelled"])
    assert float((tmp_path / "told").read_text()) - asked < TOLD_WITHIN_S
    after = system.get(then)
    assert (after.state, after.error_message) == (JobState.CANCELLED, f"job {job_id} that it waits for is cancelled")
    assert (system.effects([job_id]), system.exits) == ([], [])


def test_a_body_that_succeeds_all_the_same_has_succeeded(make_system: MakeSystem, tmp_path: Path) -> None:
    system = make_system(roles=CPU, STRANGE="1")
    job_id = clearing(system, tmp_path / "told", "sleeps", goes_on=True)
    assert cancelled(system, job_id).state is JobState.SUCCEEDED
    assert system.effects([job_id]) == [job_id]


def test_a_deaf_body_is_killed_after_the_grace_and_costs_its_mates_nothing(
    make_system: MakeSystem, tmp_path: Path
) -> None:
    system = make_system(roles=CPU, STRANGE="1", ARXOS_QUEUE_DEPTH="1", **GRACE)  # so that they share a message
    kinds = [strange(system, "clearing", how=how) for how in ("deaf", "quick", "quick")]
    jobs = [replace(job, batch=3, priority=3 - place) for place, job in enumerate(kinds)]
    deaf, *mates = system.insert(*jobs)
    elsewhere = system.burst(4, seconds=0.5)
    children = busy_children(system, "worker-cpu", [deaf, *mates], least=3)
    job = cancelled(system, deaf)
    assert (job.state, job.error_message, job.lost) == (JobState.CANCELLED, SAYS, 0)
    assert outcomes(job) == ["cancelled"]
    assert reason(job) == "it did not stop within 1 s after it was told, and was killed"
    for mate in (system.reaches(job_id) for job_id in mates):
        assert (mate.lost, outcomes(mate)) == (0, ["interrupted", "succeeded"])
    system.all_reach(elsewhere, JobState.SUCCEEDED)
    assert len(children - busy_children(system, "worker-cpu", [], least=0)) == 1
    assert system.exits == []


@pytest.mark.parametrize("deaf", [False, True])
def test_what_a_cancelled_job_has_started_ends_with_it(make_system: MakeSystem, deaf: bool) -> None:
    system = make_system(roles=CPU, STRANGE="1", **GRACE)
    [job_id] = system.insert(strange(system, "family", deaf=deaf))
    child, grandchild = pair(system)
    assert cancelled(system, job_id).state is JobState.CANCELLED
    all_gone([grandchild, child] if deaf else [grandchild])
    assert is_alive(child) is not deaf


def test_an_index_that_is_cancelled_leaves_no_child_and_nothing_written(make_system: MakeSystem) -> None:
    system = make_system(roles=CPU)
    system.do(lambda ledger: ledger.pause("geometry", Operator("ada")))
    assert system.arxos("buildings", "import", str(OFFICE)).returncode == 0
    system.do(lambda ledger: ledger.resume("geometry", Operator("ada")))
    child, making_shapes = pair(system, within_s=60)
    [(job_id,)] = system.sql("SELECT id FROM jobs WHERE kind = 'building.index_geometry'")
    job = cancelled(system, job_id)
    assert (job.state, job.error_message, outcomes(job)) == (JobState.CANCELLED, SAYS, ["cancelled"])
    all_gone([making_shapes])
    assert system.sql("SELECT count(*) FROM elements") == [(0,)]
    assert is_alive(child)


def test_the_job_of_a_deaf_thread_is_taken_from_it_and_its_worker_goes_on(make_system: MakeSystem) -> None:
    system = make_system(roles=IO, **GRACE)
    deaf, mate = system.burst(2, seconds=5, queue="health")
    system.all_reach([deaf, mate], JobState.RUNNING)
    job = cancelled(system, deaf)
    assert (job.state, job.error_message, job.lost) == (JobState.CANCELLED, SAYS, 0)
    assert reason(job) == "it did not stop within 1 s after it was told: what it still writes is void"
    assert outcomes(system.reaches(mate)) == ["succeeded"]
    wait_until(lambda: "outcome=fenced" in system.log("worker-io") or '"fenced"' in system.log("worker-io"), "fenced")
    assert (system.effects([deaf, mate]), system.exits) == ([mate], [])


def test_cancelled_while_a_message_names_it_a_job_never_starts(make_system: MakeSystem) -> None:
    system = make_system(roles=CPU)
    running = system.burst(2, seconds=3)
    system.all_reach(running, JobState.RUNNING)
    waiting = system.burst(4, seconds=0.1)
    published = "SELECT count(*) FROM jobs WHERE id = ANY(%s) AND published_at IS NOT NULL"
    wait_until(lambda: system.sql(published, waiting) == [(4,)], "messages name them")
    for job_id in waiting:
        assert cancelled(system, job_id).state is JobState.CANCELLED
    system.reaches(system.burst(1)[0])
    assert {system.get(job_id).attempt for job_id in waiting} == {0}
    assert system.effects([*running, *waiting]) == sorted(running)


def test_a_running_job_is_told_of_its_deadline(make_system: MakeSystem, tmp_path: Path) -> None:
    system = make_system(roles=CPU, STRANGE="1")
    deadline = datetime.now(UTC) + timedelta(seconds=3)
    model = strange(system, "clearing", path=str(tmp_path / "told"))
    [job_id] = system.insert(replace(model, deadline=deadline))
    job = system.reaches(job_id)
    assert (job.state, job.error_message) == (
        JobState.CANCELLED,
        f"cancelled by deadline: its deadline of {deadline:%Y-%m-%dT%H:%M:%SZ} passed while it ran",
    )
    assert 0 < float((tmp_path / "told").read_text()) - deadline.timestamp() < TOLD_WITHIN_S + 1  # the sweeper's turn


def test_a_signal_that_comes_late_hits_nobody(make_system: MakeSystem) -> None:
    system = make_system(roles=CPU)
    ids = system.burst(6, seconds=0.5)
    children = busy_children(system, "worker-cpu", ids)
    while any(system.get(job_id).state is not JobState.SUCCEEDED for job_id in ids):
        for child in children:
            os.kill(child, signal.SIGUSR2)
        assert not any(system.get(job_id).state is JobState.CANCELLED for job_id in ids)
    assert children == busy_children(system, "worker-cpu", [], least=0)


@pytest.mark.parametrize("dies", ["the worker", "the child"])
def test_who_dies_before_it_could_stop_is_cancelled_and_no_poison(make_system: MakeSystem, dies: str) -> None:
    system = make_system(roles=CPU, STRANGE="1", ARXOS_CANCEL_GRACE_S="600", **SHORT_LEASE)
    [job_id] = system.insert(strange(system, "family", deaf=True))
    child, _ = pair(system)
    [then] = system.burst(1, after=(job_id,))
    system.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))
    os.kill(child if dies == "the child" else system.processes["worker-cpu"].pid, signal.SIGKILL)
    job = system.reaches(job_id)
    assert (job.state, job.error_message, job.lost, outcomes(job)) == (JobState.CANCELLED, SAYS, 0, ["lost"])
    assert system.get(then).state is JobState.CANCELLED
