"""Ticks on a real database: one job for each slot, whoever ticks, whatever is wrong with an entry."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from arxos.domain.errors import ConflictError, InvalidError, NotFoundError
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Due, Entry, Policy, Schedule, jitter, slot_key
from arxos.domain.jobs.slots import Rhythm, newest
from arxos.scheduler.ticker import POLL_S, Ticker
from arxos.storage.schedule_acts import ScheduleActs
from arxos.storage.schedules import Schedules
from arxos.tasks.registry import all_kinds
from arxos.tasks.scheduled import extra_job, slot_job
from tests.builders import new_job
from tests.servers import Servers
from tests.worlds import PostgresWorld

KINDS = all_kinds(probes=True)
HOURLY = Entry("hourly", "probe.noop", Rhythm(every_s=3600))
DAY = timedelta(days=1)


class Desk:
    """Schedules on a database, whose clock obeys nobody: slots are owed by looking back."""

    def __init__(self, world: PostgresWorld) -> None:
        self.world = world
        self.schedules = Schedules(world.database)
        self.acts = ScheduleActs(world.database, Operator("ada"))

    def tick(self, *table: Entry, probes: bool = True) -> float:
        return Ticker(self.schedules, all_kinds(probes=probes), table or (), not table).tick()

    def row(self, name: str = "hourly") -> Schedule:
        return next(one for one in self.schedules.read()[0] if one.entry.name == name)

    def owe(self, count: int, name: str = "hourly") -> list[datetime]:
        """Let the entry have so many slots that nobody took; returns them."""
        owed, _ = newest(self.row(name).entry.rhythm, self.world.now() - DAY, self.world.now(), count)
        self.world.sql("UPDATE schedules SET done_until = %s WHERE name = %s", owed[0] - timedelta(seconds=1), name)
        return owed

    def slots_of(self, name: str = "hourly") -> list[datetime]:
        rows = self.world.sql("SELECT idempotency_key FROM jobs WHERE submitted_by = %s", f"schedule:{name}")
        keys = sorted(row[0].removeprefix(f"{name}@") for row in rows)
        return [datetime.fromisoformat(key) for key in keys]


@pytest.fixture(scope="module")
def world(servers: Servers, database_url: str) -> Iterator[PostgresWorld]:
    name = f"arxos_schedules_{os.getpid()}"
    world = PostgresWorld(servers.create_database(name, database_url.rpartition("/")[2]))
    yield world
    world.close()
    servers.drop_database(name)


@pytest.fixture
def desk(world: PostgresWorld) -> Desk:
    world.empty()
    for table in ("schedules", "services"):
        world.sql(f"DELETE FROM {table}")
    return Desk(world)


def test_a_new_entry_owes_nothing_of_the_past(desk: Desk) -> None:
    desk.acts.add(HOURLY)
    assert 0 < desk.tick() <= POLL_S
    assert desk.slots_of() == []


def test_a_due_slot_becomes_one_job_with_its_name_for_a_key(desk: Desk) -> None:
    desk.acts.add(replace(HOURLY, payload={"key": "k"}, kind="probe.effect", queue="health", priority=7))
    [slot] = desk.owe(1)
    desk.tick()
    desk.tick()
    [(job_id,)] = desk.world.sql("SELECT id FROM jobs")
    job = desk.world.get(job_id)
    assert (job.kind, job.payload["key"], job.queue, job.priority) == ("probe.effect", "k", "health", 7)
    assert (job.idempotency_key, job.available_at) == (slot_key("hourly", slot), slot)
    assert (desk.row().last_slot, desk.row().done_until, desk.row().missed) == (slot, slot, 0)


@pytest.mark.parametrize(
    ("policy", "made_up", "missed"), [(Policy.SKIP, 0, 3), (Policy.LATEST, 1, 2), (Policy.ALL, 2, 1)]
)
def test_missed_slots_follow_the_policy_and_are_counted(desk: Desk, policy: Policy, made_up: int, missed: int) -> None:
    every_s = next(s for s in (7200, 7001) if desk.world.now().timestamp() % s > 60)  # whose newest slot is late
    desk.acts.add(replace(HOURLY, rhythm=Rhythm(every_s=every_s), policy=policy, catch_up=2))
    owed = desk.owe(3)
    with capture_logs() as logs:
        desk.tick()
    assert desk.slots_of() == owed[3 - made_up :]
    assert desk.row().missed == missed
    [line] = [line for line in logs if line["event"] == "slots_missed"]
    assert (line["missed"], line["submitted"]) == (missed, made_up)


def test_many_who_tick_at_once_submit_one_job_a_slot(desk: Desk) -> None:
    names = [f"entry-{n}" for n in range(10)]
    for name in names:
        desk.acts.add(replace(HOURLY, name=name, policy=Policy.ALL))
        desk.owe(5, name)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: desk.tick(), range(12)))
    desk.tick()  # whoever found an entry locked, has left it to another
    assert {name: len(desk.slots_of(name)) for name in names} == dict.fromkeys(names, 5)
    assert desk.world.sql("SELECT count(*) FROM jobs") == [(50,)]
    assert all(desk.row(name).missed == 0 for name in names)


def test_who_decided_on_what_another_has_dealt_with_changes_nothing(desk: Desk) -> None:
    desk.acts.add(HOURLY)
    [slot] = desk.owe(1)
    seen = desk.row()
    desk.tick()
    late = Due((slot - DAY,), 0, slot)
    assert not desk.schedules.advance(seen, late, [slot_job(KINDS, HOURLY, slot - DAY)])
    assert desk.slots_of() == [slot]


def test_a_change_since_it_was_read_comes_first(desk: Desk) -> None:
    desk.acts.add(HOURLY)
    [slot] = desk.owe(1)
    due = Due((slot,), 0, slot)
    for act in (
        lambda: desk.acts.change("hourly", lambda e: replace(e, priority=3)),
        lambda: desk.acts.pause("hourly"),
    ):
        seen = desk.row()
        act()
        assert not desk.schedules.advance(seen, due, [slot_job(KINDS, HOURLY, slot)])
    assert desk.slots_of() == []


def test_jitter_delays_the_job_not_the_slot(desk: Desk) -> None:
    entry = replace(HOURLY, jitter_s=3000)
    desk.acts.add(entry)
    [slot] = desk.owe(1)
    desk.tick()
    assert desk.world.sql("SELECT available_at FROM jobs") == [(slot + jitter(entry, slot),)]
    assert desk.row().last_slot == slot


def test_days_on_which_the_clock_is_changed_have_their_one_job(desk: Desk) -> None:
    early = Rhythm(cron="30 2 * * *", timezone="Europe/Berlin")
    desk.acts.add(replace(HOURLY, rhythm=early, policy=Policy.ALL, catch_up=10_000))
    desk.world.sql("UPDATE schedules SET done_until = '2024-03-30T12:00Z'")
    desk.tick()
    slots = [f"{slot:%Y-%m-%dT%H:%M}" for slot in desk.slots_of()]
    assert slots[:2] == ["2024-03-31T01:00", "2024-04-01T00:30"]  # there was no 02:30: the first moment after the gap
    october = [slot for slot in slots if "2024-10-26" < slot < "2024-10-29"]
    assert october == ["2024-10-26T00:30", "2024-10-27T00:30", "2024-10-28T01:30"]  # 02:30 came twice
    days = [slot.astimezone(ZoneInfo("Europe/Berlin")).date() for slot in desk.slots_of()]
    assert days == [days[0] + number * DAY for number in range(len(days))]
    assert desk.world.now() - desk.slots_of()[-1] <= DAY


BROKEN = {
    "kind = 'building.paint'": "no job kind 'building.paint'",
    "cron = '99 * * * *', every_s = NULL": "bad minute",
    "cron = '* * * * *', timezone = 'Mars/Base', every_s = NULL": "no zone 'Mars/Base'",
    "every_s = NULL": "needs either cron or every",
    "every_s = 0": "every: must be",
    "payload = '{\"colour\": 1}'": "payload of probe.noop: colour",
    "payload = '[]'": "payload of probe.noop: unreadable",
    "queue = 'chache'": "no queue 'chache'",
    "priority = 1000": "job: priority",
}


@pytest.mark.parametrize("change", BROKEN)
def test_a_broken_entry_stops_no_other_and_is_told_once(desk: Desk, change: str) -> None:
    desk.acts.add(replace(HOURLY, name="a-broken"))
    desk.acts.add(HOURLY)
    [slot] = desk.owe(1)
    desk.owe(1, "a-broken")
    desk.world.sql(f"UPDATE schedules SET {change} WHERE name = 'a-broken'")
    with capture_logs() as logs:
        for _ in range(3):
            desk.tick()
    assert desk.slots_of() == [slot]
    assert BROKEN[change] in (desk.row("a-broken").error or "")
    assert [line["schedule"] for line in logs if line["event"] == "schedule_broken"] == ["a-broken"]


def test_a_mended_entry_is_due_again_and_its_error_is_gone(desk: Desk) -> None:
    desk.acts.add(HOURLY)
    [slot] = desk.owe(1)
    desk.tick(probes=False)  # a beat of a version that does not know the kind
    assert desk.row().error == "no job kind 'probe.noop'"
    desk.tick()
    assert (desk.row().error, desk.row().error_since, desk.slots_of()) == (None, None, [slot])


def test_a_slot_whose_key_is_taken_by_another_kind_is_missed_and_told(desk: Desk) -> None:
    desk.acts.add(HOURLY)
    [slot] = desk.owe(1)
    taken = {"idempotency_key": slot_key("hourly", slot), "principal": "schedule"}
    desk.world.insert(new_job("probe.sleep", payload={"seconds": 0}, **taken))
    desk.tick()
    row = desk.row()
    assert (row.done_until, row.missed, row.last_slot) == (slot, 1, None)
    assert "was used before, for another request" in (row.error or "")
    desk.owe(1)
    desk.world.sql("DELETE FROM jobs")
    desk.tick()
    assert (desk.row().error, desk.slots_of()) == (None, [slot])


def test_an_unforeseen_error_of_one_entry_is_that_entrys(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.acts.add(HOURLY)
    desk.acts.add(replace(HOURLY, name="other", payload={}))
    [slot] = desk.owe(1, "other")

    def check(entry: Entry) -> None:
        if entry.name == "hourly":
            raise ZeroDivisionError("\x00 \ud800")

    monkeypatch.setattr("arxos.scheduler.ticker.check_entry", check)
    desk.tick()
    assert desk.slots_of("other") == [slot]
    assert desk.row().error is not None


class TestTheTableOfTheCode:
    def test_is_adopted_and_follows_the_code(self, desk: Desk) -> None:
        desk.tick(HOURLY)
        before = desk.row()
        desk.tick(replace(HOURLY, priority=5))
        assert (desk.row().entry.priority, desk.row().source, desk.row().done_until) == (5, "code", before.done_until)
        desk.tick(replace(HOURLY, rhythm=Rhythm(cron="0 3 * * *", timezone="Europe/Berlin")))
        assert desk.row().done_until > before.done_until
        desk.tick(replace(HOURLY, name="other"))
        assert [one.entry.name for one in desk.schedules.read()[0]] == ["other"]

    def test_changes_nothing_where_it_is_the_same(self, desk: Desk) -> None:
        desk.tick(replace(HOURLY, payload={"a": 1}, kind="x"))
        before = desk.row()
        desk.tick(replace(HOURLY, payload={"a": 1}, kind="x"))
        assert desk.row() == before

    def test_leaves_alone_what_operators_changed_added_or_paused(self, desk: Desk) -> None:
        own = replace(HOURLY, name="own")
        desk.tick(HOURLY, replace(HOURLY, name="changed"))
        desk.acts.add(own)
        desk.acts.change("changed", lambda entry: replace(entry, priority=9))
        desk.acts.pause("hourly")
        desk.tick(*(replace(HOURLY, name=name, priority=1) for name in ("hourly", "changed", "own")))
        assert [desk.row(name).entry.priority for name in ("hourly", "changed", "own")] == [1, 9, 0]
        assert desk.row("hourly").paused_by == "ada"
        assert desk.row("own").source == "operator"


class TestAnOperator:
    def test_is_recorded_with_each_act(self, desk: Desk) -> None:
        desk.acts.add(HOURLY)
        desk.acts.change("hourly", lambda entry: replace(entry, priority=1))
        for _ in range(2):  # again is no act
            desk.acts.pause("hourly")
        for _ in range(2):
            desk.acts.resume("hourly")
        job_id = desk.acts.run("hourly", lambda known: extra_job(KINDS, known.entry, "ada"))
        desk.acts.remove("hourly")
        acts = [(by, action, job) for by, action, job in desk.world.acts()]
        assert [by for by, _, _ in acts] == ["ada"] * 6
        assert [action.removesuffix("_schedule") for _, action, _ in acts] == [
            *("add", "change", "pause", "resume", "run", "remove")
        ]
        assert acts[4][2] == job_id

    def test_may_run_it_at_once_as_often_as_wanted(self, desk: Desk) -> None:
        desk.acts.add(HOURLY)
        desk.acts.pause("hourly")
        ids = [desk.acts.run("hourly", lambda known: extra_job(KINDS, known.entry, "ada")) for _ in range(2)]
        jobs = [desk.world.get(job_id) for job_id in ids]
        assert len({job.idempotency_key for job in jobs}) == 2
        assert all((job.idempotency_key or "").startswith("hourly@run:") for job in jobs)
        assert desk.row().last_slot is None

    def test_who_pauses_it_is_owed_nothing_for_the_pause(self, desk: Desk) -> None:
        desk.acts.add(replace(HOURLY, policy=Policy.ALL))
        desk.acts.pause("hourly")
        desk.owe(3)
        desk.tick()
        desk.acts.resume("hourly")
        desk.tick()
        assert desk.slots_of() == []

    def test_who_changes_its_rhythm_is_owed_nothing_of_the_past(self, desk: Desk) -> None:
        desk.acts.add(replace(HOURLY, policy=Policy.ALL))
        desk.owe(3)
        desk.acts.change("hourly", lambda entry: replace(entry, rhythm=Rhythm(every_s=1800)))
        desk.tick()
        assert desk.slots_of() == []

    def test_is_refused_what_makes_no_sense(self, desk: Desk) -> None:
        desk.tick(HOURLY)
        with pytest.raises(ConflictError, match="there is a schedule 'hourly' already"):
            desk.acts.add(HOURLY)
        with pytest.raises(ConflictError, match="comes with the code"):
            desk.acts.remove("hourly")
        with pytest.raises(NotFoundError, match="no schedule 'other'"):
            desk.acts.pause("other")
        with pytest.raises(InvalidError, match="bad hour"):
            desk.acts.change("hourly", lambda entry: replace(entry, rhythm=Rhythm(cron="0 24 * * *")))
