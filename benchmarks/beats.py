"""Two beats for half an hour: one is killed every few minutes, and once both stand still for seven.

Each slot is owed one job by its entry's policy; what is wrong is told slot by slot. ``BENCH_MINUTES`` makes it shorter:
everything else shrinks with it.
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from subprocess import Popen
from typing import Any

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import read_settings
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry, Policy
from arxos.domain.jobs.slots import Rhythm, newest
from arxos.storage.migrations import migrate
from arxos.storage.schedule_acts import ScheduleActs
from benchmarks._processes import arxos, running

BY_NAME_ONLY = True  # takes half an hour
MINUTES = float(os.environ.get("BENCH_MINUTES", "30"))
PAUSE_AT, PAUSE_FOR = 0.4, 7 / 30  # of the whole
KILL_EVERY = (2 / 30, 4 / 30)
TICK = timedelta(seconds=3)  # by when a beat that goes on has looked once
MANY = 1_000_000

ENTRIES = (
    Entry("skip-10s", "probe.noop", Rhythm(every_s=10), policy=Policy.SKIP),
    Entry("latest-15s", "probe.noop", Rhythm(every_s=15), policy=Policy.LATEST),
    Entry("all-1s", "probe.noop", Rhythm(every_s=1), policy=Policy.ALL, catch_up=10_000),
    Entry("last-ten-5s", "probe.noop", Rhythm(every_s=5), policy=Policy.ALL, catch_up=10),
    Entry("cron-latest", "probe.noop", Rhythm(cron="* * * * *", timezone="Europe/Berlin"), policy=Policy.LATEST),
    Entry("cron-all", "probe.noop", Rhythm(cron="* * * * *"), policy=Policy.ALL),
)
SUBMITTED = """
SELECT split_part(idempotency_key, '@', 2)::timestamptz, count(*) FROM jobs
WHERE submitted_by = 'schedule:' || %s GROUP BY 1 ORDER BY 1
"""

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standstill:
    """When no beat could tick, by the database's clock."""

    since: datetime
    until: datetime


def run() -> Report:
    """What was owed, submitted and given up, by entry; and what is wrong."""
    os.environ["ARXOS_PROBES"] = "1"
    migrate(read_settings().database_url)
    runtime = start()
    acts = ScheduleActs(runtime.database, Operator("bench"))
    for entry in ENTRIES:
        acts.add(entry)
    began = _now(runtime)
    kills, still = _live(runtime)
    entries = {entry.name: _judged(runtime, entry, began, still) for entry in ENTRIES}
    runtime.database.close()
    return {"minutes": MINUTES, "kills": kills, "still_s": (still.until - still.since).total_seconds()} | {
        "entries": entries
    }


def table(report: Report) -> str:
    """By entry."""
    what = f"{report['kills']} times kill -9 of one of two, both stopped for {report['still_s']:.0f} s"
    lines = [f"beats: {report['minutes']:g} minutes, {what}"]
    lines.append(f"{'':14}{'slots':>8}{'jobs':>8}{'given up':>10}{'wrong':>8}")
    for name, found in report["entries"].items():
        lines.append(f"{name:14}{found['slots']:>8}{found['jobs']:>8}{found['missed']:>10}{len(found['wrong']):>8}")
    return "\n".join(
        [*lines, *(f"{name}: {one}" for name, found in report["entries"].items() for one in found["wrong"])]
    )


def failures(report: Report) -> list[str]:
    """Every slot that has not what it is owed."""
    return [one for found in report["entries"].values() for one in found["wrong"]]


def _live(runtime: Runtime) -> tuple[int, Standstill]:
    """Kill, revive, stop and go on until the time is over."""
    random, length = SystemRandom(), MINUTES * 60
    end, pause_at = time.monotonic() + length, time.monotonic() + length * PAUSE_AT
    kills, still = 0, None
    with _beat() as first, _beat() as second:
        beats, revived = [first, second], ExitStack()
        with revived:
            while time.monotonic() < end:
                if still is None and time.monotonic() > pause_at:
                    still = _stand_still(runtime, beats, length * PAUSE_FOR)
                time.sleep(min(random.uniform(*KILL_EVERY) * length, max(0.0, end - time.monotonic())))
                if time.monotonic() < end - 5:
                    victim = random.randrange(2)
                    beats[victim].send_signal(signal.SIGKILL)
                    beats[victim].wait()
                    kills += 1
                    beats[victim] = revived.enter_context(_beat())
            time.sleep(TICK.total_seconds())
    assert still is not None
    return kills, still


@contextmanager
def _beat() -> Iterator[Popen[bytes]]:
    """One that may be killed meanwhile."""
    try:
        with running(*arxos("beat")) as process:
            yield process
    except RuntimeError:
        if process.returncode != -signal.SIGKILL:
            raise


def _stand_still(runtime: Runtime, beats: Sequence[Popen[bytes]], for_s: float) -> Standstill:
    for beat in beats:
        beat.send_signal(signal.SIGSTOP)
    since = _now(runtime)
    time.sleep(for_s)
    until = _now(runtime)
    for beat in beats:
        beat.send_signal(signal.SIGCONT)
    return Standstill(since, until)


def _now(runtime: Runtime) -> datetime:
    with runtime.database.connection() as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


def _judged(runtime: Runtime, entry: Entry, began: datetime, still: Standstill) -> dict[str, Any]:
    with runtime.database.connection() as connection:
        jobs: Mapping[datetime, int] = dict(connection.execute(SUBMITTED, [entry.name]).fetchall())
        row = connection.execute("SELECT missed FROM schedules WHERE name = %s", [entry.name]).fetchone()
    last = max(jobs, default=began)
    slots, _ = newest(entry.rhythm, began, last, MANY)
    wrong = [f"{slot}: {count} jobs" for slot, count in jobs.items() if count != 1]
    wrong += [f"{slot}: is no slot" for slot in jobs if slot not in set(slots) and slot > began]
    wrong += _owed(entry, [slot for slot in slots if slot not in jobs], slots, still)
    given_up = sum(slot not in jobs for slot in slots)
    missed = row[0] if row else -1
    if missed != given_up:
        wrong.append(f"{missed} are counted as given up, {given_up} have no job")
    return {"slots": len(slots), "jobs": sum(jobs.values()), "missed": missed, "wrong": wrong}


def _owed(entry: Entry, without: Sequence[datetime], slots: Sequence[datetime], still: Standstill) -> list[str]:
    """What the policy does not allow of the slots without a job."""
    if entry.policy is Policy.ALL and entry.catch_up >= len(slots):
        return [f"{slot}: no job" for slot in without]
    wrong = [f"{slot}: no job" for slot in without if not still.since - TICK <= slot <= still.until + TICK]
    within = [slot for slot in slots if still.since < slot <= still.until]
    made_up = [slot for slot in within if slot not in set(without)]
    most = entry.catch_up if entry.policy is Policy.ALL else 1
    late = [slot for slot in slots if still.until < slot <= still.until + TICK]
    least = 0 if entry.policy is Policy.SKIP else max(0, min(most, len(within)) - len(late))
    if not least <= len(made_up) <= most or made_up != within[len(within) - len(made_up) :]:
        wrong.append(f"of {len(within)} slots in the standstill {len(made_up)} have jobs: {made_up[:3]}")
    return wrong
