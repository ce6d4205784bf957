"""A schedule's entry: what to submit when, and what becomes of slots that nobody took in time."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from arxos.domain.errors import InvalidError
from arxos.domain.jobs.slots import Rhythm, check_rhythm, first, newest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # with the slot behind it, it is an idempotency key
CATCH_UP_LIMIT = 10_000  # jobs that one tick may submit for an entry
JITTER_LIMIT_S = 24 * 3600
ON_TIME = timedelta(seconds=30)  # a beat that is restarted has missed nothing


class Policy(StrEnum):
    """What becomes of slots that no beat took in time."""

    SKIP = "skip"  # nothing: the next one is due again
    LATEST = "latest"  # the newest is made up for, however late
    ALL = "all"  # each is made up for, up to the entry's bound


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table. `jitter_s`: each slot's job waits up to so many seconds more, always the same for a slot.

    `catch_up`: with policy `all`, how many slots are made up for at most; the newest.
    """

    name: str
    kind: str
    rhythm: Rhythm
    payload: Mapping[str, Any] = field(default_factory=dict)
    queue: str | None = None
    priority: int = 0
    policy: Policy = Policy.LATEST
    catch_up: int = 100
    jitter_s: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """An entry as it stands in the database, with what became of it. Slots up to `done_until` are dealt with."""

    entry: Entry
    source: str  # code, operator
    done_until: datetime
    changed_at: datetime
    changed_by: str | None = None
    paused_at: datetime | None = None
    paused_by: str | None = None
    last_slot: datetime | None = None  # the newest that a job was submitted for
    missed: int = 0  # slots, since the entry was made, that no job was submitted for
    error: str | None = None
    error_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What a tick has to do for an entry: submit a job for each of `slots`; `missed` others are given up."""

    slots: tuple[datetime, ...]
    missed: int
    done_until: datetime


def check_entry(entry: Entry) -> None:
    """Raises InvalidError naming what is wrong. Whether kind and payload are known is asked when a job is made."""
    if not NAME.fullmatch(entry.name):
        raise InvalidError(f"name: {entry.name!r} must be 1 to 100 letters, digits, '.', '_', '-', the first no mark")
    for what, value, least, most in (
        ("catch_up", entry.catch_up, 1, CATCH_UP_LIMIT),
        ("jitter", entry.jitter_s, 0, JITTER_LIMIT_S),
    ):
        if not least <= value <= most:
            raise InvalidError(f"{what}: must be {least} to {most}, got {value}")
    check_rhythm(entry.rhythm)


def due(entry: Entry, done_until: datetime, now: datetime) -> Due | None:
    """What is due later than `done_until` and not later than `now`; None: nothing. Raises InvalidError.

    An entry every 60 s that was last dealt with at 12:00:00 has, at 12:03:10, the slots 12:01, 12:02 and 12:03.
    `all` submits three jobs, `latest` and `skip` one: 12:03 is still on time. At 12:03:40 `skip` submits none.
    """
    upcoming = first(entry.rhythm, done_until)
    if upcoming is None or upcoming > now:
        return None
    limit = entry.catch_up if entry.policy is Policy.ALL else 1
    found, count = newest(entry.rhythm, done_until, now, limit)
    last = found[-1]
    if entry.policy is Policy.SKIP and not _on_time(entry.rhythm, last, now):
        found = []
    return Due(tuple(found), count - len(found), last)


def _on_time(rhythm: Rhythm, slot: datetime, now: datetime) -> bool:
    """Whether `now` is at most half a minute after the slot, and nearer to it than to the next."""
    following = first(rhythm, slot)
    return now - slot <= (ON_TIME if following is None else min(ON_TIME, (following - slot) / 2))


def next_slot(schedule: Schedule) -> datetime | None:
    """The first slot that is not dealt with: in the past, if no beat took it. None: paused, or never due again."""
    if schedule.paused_at is not None:
        return None
    return first(schedule.entry.rhythm, schedule.done_until)


def slot_key(name: str, slot: datetime) -> str:
    """The idempotency key of a slot's job: ``nightly@2026-11-24T14:00:00+00:00``."""
    return f"{name}@{slot.isoformat()}"


def jitter(entry: Entry, slot: datetime) -> timedelta:
    """How much later than its slot the job may start: the same on every machine, spread evenly over `jitter_s`."""
    digest = hashlib.sha256(slot_key(entry.name, slot).encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8], "big") / 2**64 * entry.jitter_s)
