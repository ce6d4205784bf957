"""Schedules as people and programs see them, and what operators do to them, by whatever door."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arxos.app.bootstrap import Runtime
from arxos.domain.errors import ArxosError
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry, Schedule, next_slot
from arxos.domain.jobs.submitter import Submitter
from arxos.storage.schedule_acts import ScheduleActs
from arxos.storage.schedules import Schedules
from arxos.tasks.scheduled import extra_job, fit


@dataclass(frozen=True, slots=True)
class Timetable:
    """All schedules by name, as documents. `beat_silent_s`: since any beat ticked; None: none did, or long ago."""

    schedules: list[dict[str, object]]
    beat_silent_s: float | None


def timetable(runtime: Runtime) -> Timetable:
    """As it stands now."""
    table = Schedules(runtime.database)
    known, now = table.read()
    return Timetable([schedule_document(one, now) for one in known], table.silent_s())


def run(runtime: Runtime, name: str, by: Operator) -> UUID:
    """Submit one job now, besides those of its slots, paused or not: by the schedule's authority, since whoever wrote
    the entry was allowed to submit it. Raises NotFoundError, ForbiddenError.
    """
    return _acts(runtime, by).run(name, lambda known: extra_job(runtime.kinds, known.entry, by.name))


def pause(runtime: Runtime, name: str, by: Operator) -> None:
    """Submit nothing more, until it is resumed. Raises NotFoundError."""
    _acts(runtime, by).pause(name)


def resume(runtime: Runtime, name: str, by: Operator) -> None:
    """Go on from now. Raises NotFoundError."""
    _acts(runtime, by).resume(name)


def add(runtime: Runtime, entry: Entry, by: Operator, who: Submitter) -> None:
    """A new entry; its first slot is the next one.

    Raises InvalidError; ForbiddenError where `who` may not submit such jobs; ConflictError where the name is taken.
    """
    _acts(runtime, by).add(fit(runtime.kinds, entry, who))


def change(runtime: Runtime, name: str, changed: Callable[[Entry], Entry], by: Operator, who: Submitter) -> Entry:
    """Another rhythm, payload and so on; a new rhythm begins now. Raises NotFoundError, and as `add`."""
    return _acts(runtime, by).change(name, lambda entry: fit(runtime.kinds, changed(entry), who))


def remove(runtime: Runtime, name: str, by: Operator) -> None:
    """Raises NotFoundError, ConflictError for one that comes with the code."""
    _acts(runtime, by).remove(name)


def schedule_document(schedule: Schedule, now: datetime) -> dict[str, object]:
    """A schedule as JSON shows it, here and over HTTP."""
    entry, upcoming, error = schedule.entry, None, schedule.error
    try:
        upcoming = next_slot(schedule)
    except ArxosError as unreadable:
        error = error or str(unreadable)
    lag = max(0.0, (now - upcoming).total_seconds()) if upcoming else 0.0
    return {
        "name": entry.name,
        "kind": entry.kind,
        "payload": entry.payload,
        "queue": entry.queue,
        "priority": entry.priority,
        "cron": entry.rhythm.cron,
        "every_s": entry.rhythm.every_s,
        "timezone": entry.rhythm.timezone,
        "policy": entry.policy,
        "catch_up": entry.catch_up,
        "jitter_s": entry.jitter_s,
        "source": schedule.source,
        "changed_at": schedule.changed_at,
        "changed_by": schedule.changed_by,
        "paused": schedule.paused_at is not None,
        "paused_at": schedule.paused_at,
        "paused_by": schedule.paused_by,
        "next_slot": upcoming,
        "last_slot": schedule.last_slot,
        "lag_s": round(lag, 3),
        "missed": schedule.missed,
        "error": error,
        "error_since": schedule.error_since,
    }


def _acts(runtime: Runtime, by: Operator) -> ScheduleActs:
    return ScheduleActs(runtime.database, by)
