"""Periodic work within the storm: beats submit it, and each slot is owed one job."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import SystemRandom
from uuid import UUID

from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry, Policy
from arxos.domain.jobs.slots import Rhythm
from arxos.storage.schedule_acts import ScheduleActs
from arxos.workers.patience import patiently
from tests.faults.system import System

EVERY_S = {"chaos-often": 1, "chaos-seldom": 7}
LATE_S = 5.0  # what may still be missing at the end
# By its key: when a job is due changes with each attempt, its slot does not.
SUBMITTED = """
SELECT id, split_part(idempotency_key, '@', 2)::timestamptz AS slot, submitted_by FROM jobs
WHERE submitted_by LIKE 'schedule:%%' ORDER BY slot
"""


def schedule_entries(system: System) -> None:
    """From now on there is periodic work; every missed slot is made up for."""
    acts = ScheduleActs(system.runtime.database, Operator("chaos"))
    for name, seconds in EVERY_S.items():
        acts.add(Entry(name, "probe.effect", Rhythm(every_s=seconds), {"key": name}, policy=Policy.ALL, catch_up=1000))


def pause_entries(system: System) -> datetime:
    """No more of it; returns when."""
    acts = ScheduleActs(system.runtime.database, Operator("chaos"))
    for name in EVERY_S:
        patiently(lambda _: acts.pause(name), doing="pause", for_s=60, random=SystemRandom())  # noqa: B023
    now: datetime = system.patient().sql("SELECT clock_timestamp()")[0][0]
    return now


def submitted(system: System) -> Mapping[UUID, NewJob]:
    """What the beats submitted, as if a producer had."""
    model = system.job("probe.effect", key="chaos")
    return {job_id: replace(model, id=job_id, run_at=slot) for job_id, slot, _ in system.patient().sql(SUBMITTED)}


def judge_slots(system: System, until: datetime) -> list[str]:
    """What is wrong: slots without a job, slots with two."""
    slots: dict[str, list[datetime]] = {name: [] for name in EVERY_S}
    for _, slot, by in system.patient().sql(SUBMITTED):
        slots[by.removeprefix("schedule:")].append(slot)
    return [problem for name, found in slots.items() for problem in slot_problems(name, found, until)]


def slot_problems(name: str, slots: list[datetime], until: datetime) -> list[str]:
    """The same for one entry; `slots` of its jobs in order."""
    every = timedelta(seconds=EVERY_S[name])
    if not slots or slots[-1] < until - every - timedelta(seconds=LATE_S):
        return [f"schedule {name}: no job since {slots[-1] if slots else 'ever'}"]
    return [
        f"schedule {name}: {'two jobs for' if later == earlier else f'{later - earlier} without a job after'} {earlier}"
        for earlier, later in pairwise(slots)
        if later - earlier != every
    ]
