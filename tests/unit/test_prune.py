"""Pruning in batches, and its job kind."""

from uuid import uuid4

import pytest

from arxos.domain.jobs import prune as use_case
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.prune import prune
from arxos.tasks.ledger_prune import KEEP_S
from arxos.tasks.registry import all_kinds
from arxos.workers.executor import Executor
from tests.builders import new_job
from tests.fakes import fake_ports
from tests.worlds import FakeWorld


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
    pruned = prune(
        world.unit_of_work, KEEP_S, for_s=60, clock=lambda: next(clock), tell=lambda _, note: told.append(note)
    )
    assert (pruned, world.database.commits - before) == (7, 3)
    assert told == ["0 jobs pruned", "3 jobs pruned", "6 jobs pruned"]


def test_it_stops_when_its_time_is_over(world: FakeWorld) -> None:
    clock = iter(range(0, 100, 30))
    assert prune(world.unit_of_work, KEEP_S, for_s=60, clock=lambda: next(clock), tell=lambda *_: None) == 3
    assert len(world.database.tables.rows) == 4


def test_the_kind_keeps_what_is_younger_and_says_how_many_are_gone(world: FakeWorld) -> None:
    kind = all_kinds()["ledger.prune"]
    world.succeed(*world.insert(young := new_job()))
    [job_id] = world.insert(new_job(kind.name))
    executor = Executor(all_kinds(), fake_ports(world.database), "worker")
    assert executor.deliver(kind.name, [job_id], uuid4()) == "1 succeeded"
    assert world.get(job_id).result == {"pruned": 7}
    assert world.state(young.id) is JobState.SUCCEEDED
    assert (kind.queue, kind.probe) == ("maintenance", False)
