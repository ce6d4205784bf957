"""One tick: submit a job for each slot that is due. Any number of processes may tick at once."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from arxos.domain.errors import ConflictError, TransientError, UnknownKindError
from arxos.domain.jobs.outcome import readable
from arxos.domain.jobs.schedule import Due, Entry, Schedule, check_entry, due
from arxos.domain.jobs.slots import first
from arxos.storage.schedules import Schedules
from arxos.tasks.authorization import Kinds
from arxos.tasks.scheduled import job, slot_job

POLL_S = 1.0  # how late an operator's change is noticed

log = structlog.get_logger()


@dataclass(slots=True)
class Ticker:
    """The schedules, tick by tick. `table`: the entries that come with the code, adopted by the first tick."""

    schedules: Schedules
    kinds: Kinds
    table: Sequence[Entry] = ()
    _adopted: bool = False

    def tick(self) -> float:
        """Submit what is due by the database's clock. Returns after how many seconds to come again.

        Raises TransientError.
        """
        if not self._adopted:
            self.schedules.adopt(self.table)
            self._adopted = True
        known, now = self.schedules.read()
        read_at = time.monotonic()
        following = [self._attend(schedule, now) for schedule in known if schedule.paused_at is None]
        soonest = min((slot for slot in following if slot is not None), default=None)
        wait = POLL_S if soonest is None else min(POLL_S, (soonest - now).total_seconds())
        return max(0.0, wait - (time.monotonic() - read_at))

    def _attend(self, schedule: Schedule, now: datetime) -> datetime | None:
        """Submit what is due of one entry; when it is due next. What is wrong with it is its own matter."""
        try:
            return self._submit(schedule, now)
        except UnknownKindError as error:
            self._blame(schedule, error)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one entry, the others are still due
            self._blame(schedule, error)
        return None

    def _submit(self, schedule: Schedule, now: datetime) -> datetime | None:
        entry = schedule.entry
        check_entry(entry)
        job(self.kinds, entry, key=entry.name)  # what would be refused at its slot is said before
        owed = due(entry, schedule.done_until, now)
        if owed is None:
            return first(entry.rhythm, schedule.done_until)
        try:
            done = self.schedules.advance(schedule, owed, [slot_job(self.kinds, entry, slot) for slot in owed.slots])
        except ConflictError as error:  # somebody took a slot's name for a job of another kind: it is not to be had
            self._blame(schedule, error)
            owed = Due((), owed.missed + len(owed.slots), owed.done_until)
            done = self.schedules.advance(schedule, owed, (), str(error))
        if done:
            _tell(schedule, owed, now)
        return first(entry.rhythm, owed.done_until)

    def _blame(self, schedule: Schedule, error: Exception) -> None:
        words = readable(error)
        if schedule.error != words and self.schedules.blame(schedule, words):
            log.error("schedule_broken", schedule=schedule.entry.name, error=words)


def _tell(schedule: Schedule, owed: Due, now: datetime) -> None:
    name = schedule.entry.name
    log.debug("slots_submitted", schedule=name, slots=[slot.isoformat() for slot in owed.slots])
    if owed.missed:
        log.warning("slots_missed", schedule=name, missed=owed.missed, submitted=len(owed.slots))
    if schedule.error is not None and owed.slots:
        log.info("schedule_mended", schedule=name, after_s=_since(schedule.error_since, now))


def _since(when: datetime | None, now: datetime) -> float | None:
    return round((now - when).total_seconds(), 1) if when else None
