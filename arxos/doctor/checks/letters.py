"""What went wrong of late, and schedules that do not do what they say."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from arxos.doctor.finding import Check, Remark, Severity, error, ok, warning
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.schedule import Schedule, next_slot
from arxos.storage.letter_facts import LetterFacts

MANY_DEAD = 20  # in an hour
LATE_S, STUCK_S = 60.0, 300.0


@dataclass(frozen=True, slots=True)
class ScheduleFacts:
    """The entries, and the database's clock."""

    schedules: tuple[Schedule, ...]
    now: datetime


def dead(facts: LetterFacts) -> list[Remark]:
    """Whether jobs died in the last hour."""
    if not facts.dead:
        return ok(f"no job died in the last hour; {facts.all_dead} dead letters in all")
    seen = f"{facts.dead} jobs died in the last hour, most of them {facts.commonest}; {facts.all_dead} dead in all"
    advice = "`arxos dead list`, then redrive or discard them"
    return error(seen, advice) if facts.dead > MANY_DEAD else warning(seen, advice)


def poison(facts: LetterFacts) -> list[Remark]:
    """Whether jobs killed their workers until they were given up."""
    if facts.poison:
        return error(
            f"{facts.poison} jobs killed their workers in the last day: {', '.join(facts.poison_kinds)}",
            "`arxos dead list --error PoisonError`: look at the deaths before you redrive any",
        )
    return ok("no job was poison in the last day")


def quarantine(facts: LetterFacts) -> list[Remark]:
    """Whether anything arrived that was no message of the relay's."""
    if facts.quarantined:
        return warning(
            f"{facts.quarantined} messages were refused in the last day, most: {facts.commonest_reason}",
            "`arxos queues quarantine`: find who writes to the broker",
        )
    return ok("no message was refused in the last day")


def schedule_errors(facts: ScheduleFacts) -> list[Remark]:
    """Whether each entry can submit its jobs."""
    return [
        Remark(Severity.ERROR, f"schedule {one.entry.name}: {one.error}", "`arxos schedules change`", one.entry.name)
        for one in facts.schedules
        if one.error
    ] or ok(f"{len(facts.schedules)} schedules, none in error")


def schedules_late(facts: ScheduleFacts) -> list[Remark]:
    """Whether due slots are taken."""
    return [remark for one in facts.schedules for remark in _late(one, facts.now)] or ok("no schedule is late")


def _late(schedule: Schedule, now: datetime) -> list[Remark]:
    with suppress(InvalidError):  # told of by its error
        slot = next_slot(schedule)
        late_s = (now - slot).total_seconds() if slot else 0.0
        if late_s > LATE_S:
            name = schedule.entry.name
            seen, advice = (
                f"schedule {name}: its slot is late by {late_s:.0f} s",
                "look at the beat (beat.alive) and its log",
            )
            return error(seen, advice, name) if late_s > STUCK_S else warning(seen, advice, name)
    return []


LETTERS: tuple[Check[LetterFacts], ...] = (
    Check("dead.recent", Severity.ERROR, dead),
    Check("dead.poison", Severity.ERROR, poison),
    Check("quarantine.recent", Severity.WARNING, quarantine),
)
SCHEDULES: tuple[Check[ScheduleFacts], ...] = (
    Check("schedules.errors", Severity.ERROR, schedule_errors),
    Check("schedules.late", Severity.ERROR, schedules_late),
)
