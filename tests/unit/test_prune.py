"""Pruning in batches, and its job kind."""

from uuid import uuid4

import pytest

from arxos.domain.errors import InvalidError
from arxos.domain.jobs import prune as use_case
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.prune import prune
from arxos.domain.jobs.retention import DAY_S, Retention
from arxos.tasks.registry import all_kinds
from arxos.workers.executor import Executor
from tests.builders import new_job
from tests.fakes import fake_ports
from tests.worlds import FakeWorld

KEEP_S = 30 * DAY_S
RETENTION = Retention({JobState.SUCCEEDED: KEEP_S, JobState.CANCELLED: KEEP_S})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> FakeWorld:
    """A ledger with seven old successes; a batch is three jobs."""
    monkeypatch.setattr(use_case, "BATCH", 3)
    world = FakeWorld()
    world.succeed(*world.insert(*(new_job() for _ in range(7))))
    world.pass_time(KEEP_S + 1)
    return world


def test_it_goes_on_until_nothing_old_is_left(world: FakeWorld) -> None:
    told: list[str] = []
    before = world.database.commits
    clock = iter(range(100))
    report = prune(
        world.unit_of_work, RETENTION, for_s=60, clock=lambda: next(clock), tell=lambda _, note: told.append(note)
    )
    assert (report.pruned, world.database.commits - before) == (7, 3 + 1)
    assert told == ["0 jobs pruned", "3 jobs pruned", "6 jobs pruned"]


def test_it_stops_when_its_time_is_over(world: FakeWorld) -> None:
    clock = iter(range(0, 100, 30))
    report = prune(world.unit_of_work, RETENTION, for_s=60, clock=lambda: next(clock), tell=lambda *_: None)
    assert report.pruned == 3
    assert len(world.database.tables.rows) == 4


def test_the_kind_keeps_what_is_younger_and_says_how_many_are_gone(world: FakeWorld) -> None:
    kind = all_kinds()["ledger.prune"]
    world.succeed(*world.insert(young := new_job()))
    [job_id] = world.insert(new_job(kind.name))
    executor = Executor(all_kinds(), fake_ports(world.database), "worker")
    assert executor.deliver(kind.name, [job_id], uuid4()) == "1 succeeded"
    assert world.get(job_id).result == {"pruned": 7, "months": 0}
    assert world.state(young.id) is JobState.SUCCEEDED
    assert (kind.queue, kind.probe) == ("maintenance", False)


def test_what_is_said_of_no_state_is_an_error() -> None:
    with pytest.raises(InvalidError, match="nothing is said of jobs that are cancelled"):
        Retention({JobState.SUCCEEDED: 1.0})
