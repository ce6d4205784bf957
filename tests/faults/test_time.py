"""Two beats, dead beats, stalled beats, wrong clocks, broken entries: each slot has the one job that it is owed."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry, Policy
from arxos.domain.jobs.slots import Rhythm
from arxos.storage.schedule_acts import ScheduleActs
from arxos.storage.schedules import NO_LONGER_THAN_S
from tests.faults.conftest import MakeSystem, Record
from tests.faults.dying_beat import SLOTS
from tests.faults.ground import KILL, Ground
from tests.faults.oracle import Scenario
from tests.faults.sabotage import WRONG_BY_S
from tests.faults.strange import STRANGE
from tests.faults.system import System
from tests.running import wait_until

BEAT = ("beat",)
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.slow


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """A relay and a worker; beats are the tests' own."""
    return make_system(roles=("relay", "worker-cpu"))


def schedule(system: System, name: str, every_s: int = 1, policy: Policy = Policy.ALL) -> None:
    entry = Entry(name, "probe.effect", Rhythm(every_s=every_s), {"key": name}, policy=policy)
    ScheduleActs(system.runtime.database, Operator("test")).add(entry)


def slots_of(system: System, name: str) -> list[datetime]:
    """The slots of the entry's jobs, one for each job."""
    rows = system.sql("SELECT available_at FROM jobs WHERE submitted_by = %s ORDER BY 1", f"schedule:{name}")
    return [row[0] for row in rows]


def ticked(system: System, name: str, slots: int) -> None:
    """Wait until so many more slots have their jobs."""
    before = len(slots_of(system, name))
    wait_until(lambda: len(slots_of(system, name)) >= before + slots, f"{slots} more slots of {name}", 30)


def missed(system: System, name: str) -> int:
    return int(system.sql("SELECT missed FROM schedules WHERE name = %s", name)[0][0])


def finish(scenario: Scenario, *names: str) -> None:
    """Take the entries away and hold their jobs to the oracle."""
    system = scenario.system
    for name in names:
        ScheduleActs(system.runtime.database, Operator("test")).pause(name)
        jobs = system.sql("SELECT id FROM jobs WHERE submitted_by = %s", f"schedule:{name}")
        scenario.accept([row[0] for row in jobs])


def has_every_slot(system: System, name: str, every_s: int = 1) -> bool:
    """Whether the jobs' slots follow each other without a gap, none twice, from the first to just now."""
    slots = slots_of(system, name)
    until = system.sql("SELECT clock_timestamp()")[0][0] - 3 * SECOND
    return slots[-1] >= until and all(later - earlier == every_s * SECOND for earlier, later in pairwise(slots))


def each_slot_has_its_one_job(system: System, name: str, every_s: int = 1) -> None:
    wait_until(lambda: has_every_slot(system, name, every_s), f"every slot of {name}, once", 15)


def test_two_beats_submit_one_job_a_slot(system: System, record: Record) -> None:
    names = ["one", "two", "three"]
    with record(system, 32, "two beats at once") as scenario:
        for name in names:
            schedule(system, name)
        for beat in ("beat-1", "beat-2", "beat-3"):
            system.start(beat, BEAT)
        ticked(system, "one", 8)
        scenario.fault_over()
        for name in names:
            each_slot_has_its_one_job(system, name)
        finish(scenario, *names)
    assert [missed(system, name) for name in names] == [0, 0, 0]


def test_a_beat_killed_between_any_two_statements_doubles_and_loses_nothing(
    make_system: MakeSystem, request: pytest.FixtureRequest
) -> None:
    system = make_system(roles=())
    command = [sys.executable, "-m", "tests.faults.dying_beat", request.config.getoption("--without") or "nothing"]
    done = subprocess.run(command, env=os.environ | system.variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    deaths = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(deaths) > 6
    assert [death["died"] for death in deaths] == [True] * (len(deaths) - 1) + [False]
    assert [death["jobs"] for death in deaths] == [[1] * SLOTS] * len(deaths)


@pytest.mark.faults_slow
def test_beats_that_are_killed_all_the_time_keep_every_slot(system: System, record: Record) -> None:
    with record(system, 33, "beat killed between sending and recording", within_s=60) as scenario:
        for policy in Policy:
            schedule(system, policy, policy=policy)
        for beat in ("beat-1", "beat-2"):
            system.start(beat, BEAT)
        ticked(system, "all", 2)
        for n in range(12):
            ticked(system, "all", 2)
            system.processes[f"beat-{n % 2 + 1}"].kill()
        scenario.fault_over()
        each_slot_has_its_one_job(system, "all")
        finish(scenario, *Policy)
    for policy in Policy:
        slots = slots_of(system, policy)
        assert len(set(slots)) == len(slots)
        assert (slots[-1] - slots[0]) // SECOND + 1 <= len(slots) + missed(system, policy)
    assert missed(system, "all") == 0


@pytest.mark.parametrize("policy", Policy)
def test_missed_slots_follow_the_entrys_policy(system: System, record: Record, policy: Policy) -> None:
    with record(system, 34, "beat down for some slots", variant=policy) as scenario:
        schedule(system, "two", every_s=2, policy=policy)
        beat = system.start("beat", BEAT)
        ticked(system, "two", 2)
        system.retire("beat")
        beat.kill()
        beat.wait()
        last, before = slots_of(system, "two")[-1], missed(system, "two")  # a busy machine may miss some by itself
        wait_until(lambda: system.sql("SELECT clock_timestamp() > %s", last + 9 * SECOND) == [(True,)], "four slots")
        back: datetime = system.sql("SELECT clock_timestamp()")[0][0]
        system.start("beat", BEAT)
        scenario.fault_over()
        ticked(system, "two", 3)
        finish(scenario, "two")
    after = [slot for slot in slots_of(system, "two") if slot > last]
    gap = (after[0] - last) // SECOND // 2 - 1
    assert policy is Policy.SKIP or all(later - earlier == 2 * SECOND for earlier, later in pairwise(after))
    [(done_until,)] = system.sql("SELECT done_until FROM schedules WHERE name = 'two'")
    assert missed(system, "two") - before == (done_until - last) // SECOND // 2 - len(after)
    match policy:
        case Policy.ALL:
            assert gap == 0
        case Policy.LATEST:
            assert gap >= 3
        case Policy.SKIP:
            assert after[0] > back - SECOND  # its on time is half its interval


def wrong_by(minutes: int) -> dict[str, str]:
    """Variables that make a process believe another time."""
    return {STRANGE: "1", WRONG_BY_S: str(minutes * 60)}


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_wrong_clock_moves_no_slot(system: System, record: Record, minutes: int) -> None:
    with record(system, 35, "clock wrong by 10 minutes on a beat", variant=f"{minutes:+} min") as scenario:
        schedule(system, "right")
        system.start("wrong", BEAT, **wrong_by(minutes))
        ticked(system, "right", 3)
        assert abs(_log_time(system.log("wrong")) - datetime.now(UTC) - minutes * 60 * SECOND) < 60 * SECOND
        system.start("right", BEAT)
        ticked(system, "right", 3)
        scenario.fault_over()
        each_slot_has_its_one_job(system, "right")
        late = system.sql("SELECT created_at - available_at FROM jobs WHERE kind = 'probe.effect'")
        assert all(timedelta(0) <= row[0] < 5 * SECOND for row in late)
        finish(scenario, "right")


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_wrong_clock_moves_no_retry_and_no_delay(make_system: MakeSystem, record: Record, minutes: int) -> None:
    system = make_system(roles=("relay",))
    with record(system, 35, "clock wrong by 10 minutes on a worker", variant=f"{minutes:+} min") as scenario:
        system.start("worker-cpu", **wrong_by(minutes))
        system.ready()
        start: datetime = system.sql("SELECT clock_timestamp() + interval '4 s'")[0][0]
        delayed = scenario.burst(5, run_at=start)
        retried = scenario.accept([system.submit("probe.fail", times=3)])
        failing = scenario.accept([system.submit("probe.fail", times=1, permanent=True)], JobState.DEAD)
        scenario.fault_over()
        for job_id in [*delayed, *retried, *failing]:
            system.reaches(job_id, within_s=30)
    begun = [system.get(job_id).started_at for job_id in delayed]
    assert all(moment is not None and start <= moment < start + 10 * SECOND for moment in begun)
    tries = system.get(retried[0]).attempts
    waits = [later.started_at - earlier.finished_at for earlier, later in pairwise(tries)]
    assert all(timedelta(0) <= wait < 5 * SECOND for wait in waits)


def _log_time(log: str) -> datetime:
    """The moment of a process's first line, by its own clock."""
    return datetime.fromisoformat(json.loads(log.splitlines()[0])["timestamp"])


def test_a_broken_entry_stops_no_other(system: System, record: Record) -> None:
    broken = {"a": "kind = 'building.paint'", "b": "cron = '61 * * * *', every_s = NULL", "c": "payload = '[1]'"}
    with record(system, 36, "broken schedule entries") as scenario:
        for name in (*broken, "sound"):
            schedule(system, name)
        for name, change in broken.items():
            system.execute(f"UPDATE schedules SET {change} WHERE name = '{name}'")
        system.start("beat", BEAT)
        ticked(system, "sound", 5)
        scenario.fault_over()
        each_slot_has_its_one_job(system, "sound")
        finish(scenario, "sound")
    errors = dict(system.sql("SELECT name, error FROM schedules"))
    assert [name for name, error in errors.items() if error] == sorted(broken)
    assert system.log("beat").count("schedule_broken") == len(broken)


@pytest.mark.parametrize("seconds", [0, pytest.param(2 * NO_LONGER_THAN_S, marks=pytest.mark.faults_slow)])
def test_a_beat_that_stalls_while_it_submits_doubles_nothing_and_stops_nobody(
    system: System, record: Record, seconds: int
) -> None:
    with record(system, 37, "beat stalls in its transaction", variant=f"{seconds} s") as scenario:
        schedule(system, "one")
        stalled = system.start("beat-1", BEAT)
        ticked(system, "one", 2)
        with psycopg.connect(system.variables["ARXOS_DATABASE_URL"]) as connection:
            connection.execute("LOCK TABLE jobs IN SHARE MODE")  # where its INSERT waits, the entry's row in its hands
            wait_until(lambda: _waits(system), "the beat in the middle of it", 10)
            stalled.send_signal(signal.SIGSTOP)
        before = len(slots_of(system, "one"))
        scenario.fault_over()
        system.start("beat-2", BEAT)
        wait_until(lambda: len(slots_of(system, "one")) > before, "another beat goes on", NO_LONGER_THAN_S + 15)
        ticked(system, "one", seconds)
        stalled.send_signal(signal.SIGCONT)
        ticked(system, "one", 3)
        each_slot_has_its_one_job(system, "one")
        finish(scenario, "one")
    assert missed(system, "one") == 0
    assert stalled.poll() is None


def _waits(system: System) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'arxos-beat' AND wait_event_type = 'Lock'"
    return system.sql(waiting) == [(1,)]


def test_a_beat_waits_for_a_database_that_is_killed_and_misses_nothing(
    system: System, record: Record, ground: Ground
) -> None:
    with record(system, 24, "PostgreSQL killed under a beat") as scenario:
        schedule(system, "one")
        beat = system.start("beat", BEAT)
        ticked(system, "one", 2)
        ground.postgres.restart(KILL)
        scenario.fault_over()
        wait_until(lambda: system.patient().sql("SELECT 1"), "PostgreSQL answers")
        ticked(system, "one", 4)
        each_slot_has_its_one_job(system, "one")
        finish(scenario, "one")
    assert (beat.poll(), missed(system, "one")) == (None, 0)
