"""Whose jobs the relay publishes next, on PostgreSQL: turns, limits, rates."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import InvalidError, NotFoundError
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.job import JobState, NewJob
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.operator import Operator
from arxos.storage import outbox as outbox_module
from arxos.storage.database import Database
from arxos.storage.limit_acts import Limits
from arxos.storage.outbox import Outbox
from tests.builders import beat, new_job
from tests.worlds import WORKER, PostgresWorld

QUEUE = "maintenance"
NOOP = (Scope.KIND, "probe.noop")


@pytest.fixture
def world(database: str) -> Iterator[PostgresWorld]:
    world = PostgresWorld(database)
    yield world
    world.close()


@pytest.fixture
def limits(world: PostgresWorld) -> Limits:
    return Limits(world.database)


@pytest.fixture
def publish(world: PostgresWorld) -> Callable[..., list[UUID]]:
    """Take what fits, as a relay does; the jobs in their order."""
    outbox = Outbox(world.database)

    def take(room: int = 100, steps: int = 1) -> list[UUID]:
        taken = []
        for _ in range(steps):
            lanes = outbox.lanes([QUEUE, "cache"])
            for queue in lanes:
                taken += [job for envelope in outbox.take(queue, room, lanes[queue]) for job in envelope.jobs]
        return taken

    return take


Publish = Callable[..., list[UUID]]


def jobs(number: int, **fields: Any) -> list[NewJob]:
    return [new_job(**fields) for _ in range(number)]


def held(world: PostgresWorld) -> Counter[str]:
    return Counter(dict(world.sql("SELECT held, count(*)::int FROM jobs WHERE state = 'queued' GROUP BY held")))


def running(world: PostgresWorld, ids: list[UUID]) -> list[UUID]:
    return [job.id for job in world.claim(*ids)]


def test_a_flood_of_one_submitter_does_not_delay_another(world: PostgresWorld, publish: Publish) -> None:
    world.insert(*jobs(3000, submitted_by="flood"))
    [one] = world.insert(new_job(submitted_by="ada"))
    assert one in publish(8)[:2]


def test_a_submitter_with_nothing_in_flight_goes_before_one_with_much(world: PostgresWorld, publish: Publish) -> None:
    world.insert(*jobs(20, submitted_by="flood"))
    running(world, publish(10))
    ids = world.insert(*jobs(3, submitted_by="ada"))
    assert publish(4)[:3] == ids


def test_a_weight_gives_a_larger_part(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.share("ada", 3, Operator("ops"))
    ada = set(world.insert(*jobs(20, submitted_by="ada")))
    world.insert(*jobs(20, submitted_by="bob"))
    assert len(ada.intersection(publish(12))) == 9


def test_a_higher_priority_goes_first_until_a_lower_one_has_waited_for_long(
    world: PostgresWorld, publish: Publish
) -> None:
    low, high = world.insert(new_job(priority=-3), new_job(priority=3))
    assert publish(1) == [high]
    world.sql("UPDATE jobs SET published_at = NULL, available_at = available_at - interval '61s' WHERE id = %s", low)
    [urgent] = world.insert(new_job(priority=3))
    assert publish(2) == [low, urgent]


@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_what_is_due_is_found_whatever_its_priority_and_what_is_not_is_not(
    world: PostgresWorld, publish: Publish, priority: int
) -> None:
    [due, _] = world.insert(
        new_job(priority=priority), new_job(priority=priority, run_at=datetime.now(UTC) + timedelta(seconds=30))
    )
    assert publish() == [due]


def test_more_submitters_than_are_looked_at_all_get_their_turn(
    world: PostgresWorld, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "LANES", 7)
    ids = world.insert(
        *(new_job(submitted_by=f"s{n:02}", queue=queue) for n in range(30) for queue in (QUEUE, "cache"))
    )
    assert sorted(publish(1000, steps=12)) == sorted(ids)


def test_no_more_run_at_once_than_are_allowed(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.set(*NOOP, Allowance(running=3), Operator("ops"))
    world.insert(*jobs(10))
    first = publish()
    assert (len(first), publish()) == (3, [])
    running(world, first)
    assert publish() == []
    assert held(world) == {"kind:probe.noop": 7}
    world.bury(*world.insert(new_job("probe.other")))  # of another kind: changes nothing
    world.sql("UPDATE jobs SET state = 'succeeded' WHERE id = %s", first[0])
    assert len(publish()) == 1


def test_what_a_limit_holds_stands_in_nobodys_way(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.set(*NOOP, Allowance(running=1), Operator("ops"))
    world.insert(*jobs(2000))
    [other] = world.insert(new_job("probe.effect", payload={"key": "k"}))
    assert other in publish(8, steps=3)


def test_one_job_runs_for_each_key(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.set(Scope.QUEUE, QUEUE, Allowance(per="payload.building"), Operator("ops"))
    buildings = ["tower", "annex", None]
    ids = world.insert(*(new_job(payload={"building": name} if name else {}) for name in buildings for _ in range(3)))
    assert set(publish()) == {ids[0], ids[3], *ids[6:]}  # who has no such field is not limited
    assert held(world) == {"": 5, f"queue:{QUEUE}/tower": 2, f"queue:{QUEUE}/annex": 2}
    world.sql("UPDATE jobs SET state = 'succeeded' WHERE id = %s", ids[0])
    assert publish() == [ids[1]]


def test_a_building_is_a_key_across_kinds(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.set(Scope.QUEUE, QUEUE, Allowance(per="building"), Operator("ops"))
    tower, annex = str(uuid4()), str(uuid4())
    ids = world.insert(
        new_job("a", payload={"building_id": tower}),
        new_job("b", payload={"building_id": tower}),
        new_job("b", payload={"building_id": annex}),
    )
    assert publish() == [ids[0], ids[2]]


def test_a_submitter_has_no_more_than_its_own_places(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.set(*NOOP, Allowance(per="submitter", per_running=2), Operator("ops"))
    world.insert(*jobs(9, submitted_by="ada"), *jobs(9, submitted_by="bob"))
    assert len(publish()) == 4


def test_several_limits_hold_together(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.set(*NOOP, Allowance(running=5, per="payload.b"), Operator("ops"))
    limits.set(Scope.QUEUE, QUEUE, Allowance(running=3), Operator("ops"))
    world.insert(*(new_job(payload={"b": str(n % 6)}) for n in range(30)))
    assert len(publish()) == 3
    limits.set(Scope.QUEUE, QUEUE, Allowance(running=30), Operator("ops"))
    assert len(publish(steps=3)) == 5


def test_a_rate_is_kept_and_what_waits_in_redis_counts(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    limits.set(*NOOP, Allowance(rate=0.001, burst=4), Operator("ops"))
    world.insert(*jobs(10))
    first = publish()
    assert (len(first), publish()) == (4, [])
    world.sql("UPDATE limits SET looked_at = looked_at - interval '1 hour'")
    assert publish() == []  # nobody has claimed: the bucket is full of these
    running(world, first)
    assert publish() == []  # they may have been claimed just now
    world.sql("UPDATE limits SET looked_at = looked_at - interval '2000s'")
    assert len(publish()) == 2


def test_without_having_been_published_nothing_under_a_limit_can_be_claimed(
    world: PostgresWorld, publish: Publish, limits: Limits
) -> None:
    limits.set(*NOOP, Allowance(running=1), Operator("ops"))
    ids = world.insert(*jobs(3))
    assert running(world, ids) == []
    granted = publish()
    assert running(world, ids) == granted


def test_a_new_limit_binds_what_is_published_already(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    ids = world.insert(*jobs(5))
    assert publish() == ids
    limits.set(*NOOP, Allowance(running=1), Operator("ops"))
    assert running(world, ids) == []
    assert len(publish()) == 1


def test_what_was_held_goes_on_when_its_limit_is_removed(
    world: PostgresWorld, publish: Publish, limits: Limits
) -> None:
    limits.set(*NOOP, Allowance(running=0, per="payload.b"), Operator("ops"))
    ids = world.insert(*(new_job(payload={"b": "x"}) for _ in range(5)))
    assert publish() == []
    limits.remove(*NOOP, Operator("ops"))
    assert sorted(publish()) == sorted(ids)
    with pytest.raises(NotFoundError, match=r"no limit on kind 'probe\.noop'"):
        limits.remove(*NOOP, Operator("ops"))


def test_a_paused_kind_is_held_and_goes_on_when_it_is_resumed(world: PostgresWorld, publish: Publish) -> None:
    ids = world.insert(*jobs(5), new_job("probe.other"))
    world.do(lambda ledger: ledger.pause("probe.noop", Operator("ops"), Scope.KIND))
    assert publish() == ids[5:]
    world.do(lambda ledger: ledger.resume("probe.noop", Operator("ops"), Scope.KIND))
    assert sorted(publish()) == ids[:5]


def test_what_is_held_says_by_whom(world: PostgresWorld, publish: Publish, limits: Limits) -> None:
    def why(job_id: UUID) -> str:
        return explain(world.do(lambda ledger: ledger.snapshot(job_id, 50)))

    world.do(lambda ledger: ledger.beat(beat(WORKER)))
    limits.set(Scope.QUEUE, QUEUE, Allowance(per="payload.b"), Operator("ops"))
    limits.set(*NOOP, Allowance(running=1, rate=0.1, burst=1), Operator("ops"))
    tower = [new_job("probe.x", payload={"b": "tower"}) for _ in range(2)]
    first, second, other = world.insert(*tower, new_job(submitted_by="ada"))
    assert publish() == [first, other]
    assert f"it is held by the concurrency key b:tower of job {first}: 1 job at once of queue {QUEUE}" in why(second)
    [late] = world.insert(new_job())
    publish()
    assert f"it is held by the limit of 1 job at once on kind probe.noop, of which job {other} run" in why(late)
    world.sql("UPDATE jobs SET state = 'succeeded' WHERE id = %s", other)
    assert publish() == []
    assert "it is held by the rate of 0.1 a second on kind probe.noop: the next may start in " in why(late)
    limits.remove(*NOOP, Operator("ops"))
    assert "limit on kind probe.noop that is gone" in why(late)


def test_what_comes_with_the_code_changes_with_it_unless_an_operator_has_spoken(limits: Limits) -> None:
    limits.adopt({"a": Allowance(running=1), "b": Allowance(rate=2)})
    limits.adopt({"a": Allowance(running=2), "c": Allowance(running=3)})
    assert {one.name: one.allowed.running for one in limits.all()} == {"a": 2, "c": 3}
    limits.set(Scope.KIND, "a", Allowance(running=9), Operator("ops"))
    limits.adopt({"a": Allowance(running=4)})
    assert [(one.name, one.allowed.running, one.set_by) for one in limits.all()] == [("a", 9, "ops")]


def test_acts_on_limits_are_recorded_and_nonsense_is_refused(world: PostgresWorld, limits: Limits) -> None:
    limits.set(*NOOP, Allowance(running=3), Operator("ops"))
    limits.share("ada", 2, Operator("ops"))
    limits.remove(*NOOP, Operator("ops"))
    assert [what for _, what, _ in world.acts()] == ["set_limit", "set_share", "remove_limit"]
    with pytest.raises(InvalidError, match="running: must be"):
        limits.set(*NOOP, Allowance(running=-3), Operator("ops"))


def test_two_relays_that_take_at_once_exceed_no_limit(database: str, world: PostgresWorld, limits: Limits) -> None:
    limits.set(*NOOP, Allowance(running=4), Operator("ops"))
    world.insert(*jobs(300))
    most, stop = [0], threading.Event()

    def relay() -> None:
        outbox = Outbox(Database(database, size=1))
        while not stop.is_set():
            lanes = outbox.lanes([QUEUE])
            outbox.take(QUEUE, 50, lanes.get(QUEUE, ()))
        outbox.database.close()

    threads = [threading.Thread(target=relay) for _ in range(3)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 2
    while time.monotonic() < until:
        flying = [
            row[0] for row in world.sql("SELECT id FROM jobs WHERE state = 'queued' AND published_at IS NOT NULL")
        ]
        most.append(len(flying))
        world.sql("UPDATE jobs SET state = 'succeeded' WHERE id = ANY(%s)", flying)
    stop.set()
    for thread in threads:
        thread.join()
    assert max(most) == 4
    assert world.sql("SELECT count(*) FROM jobs WHERE state = %s", JobState.SUCCEEDED) > [(40,)]
