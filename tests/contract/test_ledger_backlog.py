"""How much is due, in any ledger; and that submissions are refused by it."""

from datetime import UTC, datetime, timedelta

import pytest

from arxos.domain.errors import OverloadedError
from arxos.domain.jobs.backlog import Backlog
from arxos.domain.jobs.submit import submit
from arxos.storage.backlogs import EXACT_BELOW, Backlogs
from tests.builders import new_job
from tests.worlds import PostgresWorld, World

Q = "maintenance"


def due(world: World, limit: int = 10) -> int:
    [backlog] = world.do(lambda ledger: ledger.backlogs([Q], limit))
    return backlog.due


def test_what_is_due_and_not_begun_counts(world: World) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    ids = world.insert(*(new_job() for _ in range(4)), new_job(run_at=tomorrow), new_job(queue="cache"))
    world.insert(new_job(after=(ids[4],)))
    world.succeed(ids[0])
    world.claim(ids[1])
    assert due(world) == 2


def test_counting_ends_at_the_limit(world: World) -> None:
    world.insert(*(new_job() for _ in range(9)))
    assert due(world, 5) == 5


def test_a_full_queue_refuses_but_knows_what_it_has(world: World) -> None:
    world.insert(*(new_job(idempotency_key=f"k{n}") for n in range(3)))
    with world.unit_of_work() as uow:
        with pytest.raises(OverloadedError, match="queue 'maintenance' has 3 due jobs"):
            submit(uow, [new_job(), new_job(queue="cache")], 3)
        with pytest.raises(OverloadedError):
            submit(uow, [new_job(idempotency_key="k1"), new_job(idempotency_key="new")], 3)
        assert len(submit(uow, [new_job(idempotency_key="k1"), new_job(idempotency_key="k1")], 3)) == 2
        assert submit(uow, [new_job()], 4)
        assert submit(uow, [new_job(queue="cache")], 3)


def test_a_large_limit_believes_the_relays_count_while_it_is_fresh(postgres: PostgresWorld) -> None:
    postgres.insert(*(new_job() for _ in range(5)))
    Backlogs(postgres.database).measure([Q])
    postgres.insert(new_job())
    assert due(postgres, EXACT_BELOW + 1) == 5
    assert due(postgres, EXACT_BELOW) == 6
    postgres.sql("UPDATE backlogs SET measured_at = measured_at - interval '1 min'")
    assert due(postgres, EXACT_BELOW + 1) == 6


def test_the_relay_counts_what_is_held_or_published_too_and_how_fast_it_goes(postgres: PostgresWorld) -> None:
    ids = postgres.insert(*(new_job() for _ in range(6)))
    postgres.sql("UPDATE jobs SET held = 'kind:probe.noop' WHERE id = %s", ids[0])
    postgres.sql("UPDATE jobs SET published_at = now() WHERE id = %s", ids[1])
    postgres.succeed(*ids[2:4])
    Backlogs(postgres.database).measure([Q, "cache"])
    rows = postgres.sql("SELECT queue, due, per_s FROM backlogs ORDER BY queue")
    assert rows == [("cache", 0, 0.0), (Q, 4, 0.2)]


@pytest.mark.parametrize(
    ("backlog", "wait_s"),
    [(Backlog(Q, 1200, 50), 6), (Backlog(Q, 1000, 1e6), 1), (Backlog(Q, 10**9, 1), 600), (Backlog(Q, 1000, 0), 60)],
)
def test_whoever_is_refused_hears_when_to_come_again(backlog: Backlog, wait_s: int) -> None:
    assert backlog.wait_s(1000) == wait_s
