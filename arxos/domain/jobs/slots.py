"""Due times: which moments a crontab or an interval names. Pure, so that every process computes the same."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from arxos.domain.errors import InvalidError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# How far the clock is ever put back at once: times that long ago may come again.
PUT_BACK = timedelta(hours=3)
HOURS = 24
CRON_LIMIT = 200  # characters
EVERY_LIMIT_S = 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When an entry is due: either by a crontab of five fields on the clock of a zone, or every so many seconds.

    Intervals are counted from 1970-01-01T00:00Z, so every process has the same slots, whenever it was started.
    """

    cron: str | None = None
    every_s: int | None = None
    timezone: str = "UTC"


def check_rhythm(rhythm: Rhythm) -> None:
    """Raises InvalidError naming what is wrong; a crontab that is never due is wrong, too."""
    if (rhythm.cron is None) == (rhythm.every_s is None):
        raise InvalidError("schedule: needs either cron or every")
    if rhythm.every_s is not None and not 1 <= rhythm.every_s <= EVERY_LIMIT_S:
        raise InvalidError(f"every: must be 1 to {EVERY_LIMIT_S} seconds, got {rhythm.every_s}")
    if first(rhythm, EPOCH) is None:
        raise InvalidError(f"cron: {rhythm.cron!r} is never due")


def in_words(rhythm: Rhythm) -> str:
    """For people: ``At 02:30 on Monday through Friday, Europe/Berlin``; ``Every 90 s``. Raises InvalidError."""
    if rhythm.every_s is not None:
        sizes = ((24 * 3600, "d"), (3600, "h"), (60, "min"), (1, "s"))
        size, unit = next((size, unit) for size, unit in sizes if rhythm.every_s % size == 0)
        return f"Every {rhythm.every_s // size} {unit}"
    check_rhythm(rhythm)
    return f"{_walls(rhythm.cron or '', EPOCH.replace(tzinfo=None)).explain()}, {rhythm.timezone}"


def slots(rhythm: Rhythm, after: datetime) -> Iterator[datetime]:
    """The slots later than `after`, in order, in UTC; without end, unless a crontab is never due again.

    Raises InvalidError for an unknown zone or a crontab that cannot be read.

    A crontab names times on the clock. Where the clock is put forward, those that do not exist are due at the first
    moment after the gap, together once; where it is put back, those that come twice are due the first time. A crontab
    of every hour (``*/5 * * * *``) keeps its pace instead: it owes nothing for the missing hour, and goes on in the
    repeated one.

    ``30 2 * * *`` in Europe/Berlin, where 2026-03-29 has no 02:30, is due at 01:00Z that day: 03:00 there.
    """
    if rhythm.every_s is not None:
        return _interval(rhythm.every_s, after)
    return _crontab(rhythm.cron or "", _zone(rhythm.timezone), after)


@lru_cache(maxsize=10_000)
def first(rhythm: Rhythm, after: datetime) -> datetime | None:
    """The first slot later than `after`; None: never due again. Remembered: beats ask often. Raises as `slots`."""
    return next(slots(rhythm, after), None)


def newest(rhythm: Rhythm, after: datetime, until: datetime, limit: int) -> tuple[list[datetime], int]:
    """Of the slots later than `after` and not later than `until`: the newest `limit`, in order; and how many in all."""
    if rhythm.every_s is not None:
        count = max(0, (until - EPOCH) // SECOND // rhythm.every_s - (after - EPOCH) // SECOND // rhythm.every_s)
        after += timedelta(seconds=max(0, count - limit) * rhythm.every_s)
        return list(takewhile(lambda slot: slot <= until, slots(rhythm, after))), count
    kept, count = deque[datetime](maxlen=limit), 0
    for slot in takewhile(lambda slot: slot <= until, slots(rhythm, after)):
        kept.append(slot)
        count += 1
    return list(kept), count


def _interval(every_s: int, after: datetime) -> Iterator[datetime]:
    step = timedelta(seconds=every_s)
    slot = EPOCH + ((after - EPOCH) // step + 1) * step
    while True:
        yield slot
        slot += step


def _crontab(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """The times on the clock in order, each with the moments it stands for; these are sorted on their way out."""
    last = after.astimezone(UTC)
    walls = _walls(cron, (after - PUT_BACK).astimezone(zone).replace(tzinfo=None))
    for slot in _sorted(zone, walls, keeps_pace=len(walls.hours) == HOURS):
        if slot > last:
            last = slot
            yield slot


def _sorted(zone: ZoneInfo, walls: Iterator[datetime], *, keeps_pace: bool) -> Iterator[datetime]:
    pending: list[datetime] = []
    for wall in walls:
        first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        while pending and pending[0] < min(first, second):
            yield heappop(pending)
        for moment in _moments(zone, first, second, keeps_pace=keeps_pace):
            heappush(pending, moment)
    yield from sorted(pending)


def _moments(zone: ZoneInfo, first: datetime, second: datetime, *, keeps_pace: bool) -> tuple[datetime, ...]:
    """What a time on the clock stands for, given the moments by the offsets before and after a possible change."""
    if first > second:
        return () if keeps_pace else (_end_of_gap(zone, second, first),)
    return (first, second) if keeps_pace and second > first else (first,)


def _end_of_gap(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment, to the second, at which the clock is put forward: later than `before`, not later than `after`."""
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after


def _walls(cron: str, after: datetime) -> CronSim:
    """The crontab's times on a clock that is never changed."""
    if len(cron) > CRON_LIMIT or len(cron.split()) != 5:
        raise InvalidError(f"cron: {cron[:CRON_LIMIT]!r} is no crontab of five fields (minute hour day month weekday)")
    try:
        return CronSim(cron, after)
    except (CronSimError, ValueError) as error:
        raise InvalidError(f"cron: {cron!r}: {str(error).lower()}") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, no relative path, a folder of zones
        raise InvalidError(f"timezone: no zone {name!r}") from error
