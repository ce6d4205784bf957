"""Add up what jobs did: five minutes from the ledger, hours from those, days from hours."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from arxos.domain.ports import OpenUnitOfWork
from arxos.domain.rollups.buckets import LENGTH, Grain, bucket_of, buckets
from arxos.domain.rollups.rows import JobRollup

# What ended may be seen only when its transaction has committed: so long after a bucket it is added up again.
LATE = timedelta(minutes=15)
AT_FIRST = timedelta(days=1)  # how far back the first run of all looks
KEPT_S = {"minutes_s": 100 * 86_400.0, "buckets_s": 30 * 86_400.0, "hours_s": 400 * 86_400.0}


def missing(unit_of_work: OpenUnitOfWork) -> tuple[datetime, datetime]:
    """From when to when has to be added up: what is new, and once more what may have come late."""
    with unit_of_work() as uow:
        now, done = uow.rollups.now(), uow.rollups.rolled_until()
    since = now - AT_FIRST if done is None else done - LATE
    return bucket_of(since, Grain.FIVE_MINUTES), bucket_of(now, Grain.FIVE_MINUTES)


def roll_jobs(
    unit_of_work: OpenUnitOfWork, since: datetime, until: datetime, tell: Callable[[float, str], None]
) -> int:
    """Add up the buckets that begin in there, each in a transaction of its own; how many. Again is the same."""
    wanted = list(buckets(since, until, Grain.FIVE_MINUTES))
    for number, bucket in enumerate(wanted, 1):
        with unit_of_work() as uow:
            rows = uow.rollups.measure(bucket, bucket + LENGTH[Grain.FIVE_MINUTES])
            uow.rollups.keep(Grain.FIVE_MINUTES, [replace(row, bucket=bucket) for row in rows])
            uow.commit()
        tell(number / len(wanted), f"{number} of {len(wanted)} buckets")
    for grain, of in ((Grain.HOUR, Grain.FIVE_MINUTES), (Grain.DAY, Grain.HOUR)):
        for bucket in dict.fromkeys(bucket_of(one, grain) for one in wanted):
            _merge(unit_of_work, bucket, grain, of)
    return len(wanted)


def mark(unit_of_work: OpenUnitOfWork, until: datetime) -> None:
    """Remember that everything up to then is added up, and forget what is too old."""
    with unit_of_work() as uow:
        uow.rollups.mark(until)
        uow.rollups.forget(**KEPT_S)
        uow.commit()


def summed(rows: Iterable[JobRollup], bucket: datetime) -> list[JobRollup]:
    """By kind, queue and outcome, as rows of this bucket."""
    found: dict[tuple[str, str, str], JobRollup] = {}
    for row in rows:
        key = row.kind, row.queue, row.outcome
        found.setdefault(key, JobRollup(bucket, *key)).add(row)
    return list(found.values())


def by_kind(rows: Iterable[JobRollup]) -> dict[str, dict[str, JobRollup]]:
    """Kind → outcome → everything of it, whatever the queue; and ``*``, all outcomes together."""
    found: dict[str, dict[str, JobRollup]] = {}
    for row in rows:
        kind = found.setdefault(row.kind, {})
        for outcome in (row.outcome, "*"):
            kind.setdefault(outcome, JobRollup(row.bucket, row.kind, "*", outcome)).add(row)
    return dict(sorted(found.items()))


def _merge(unit_of_work: OpenUnitOfWork, bucket: datetime, grain: Grain, of: Grain) -> None:
    with unit_of_work() as uow:
        rows = uow.rollups.jobs(of, bucket, bucket + LENGTH[grain])
        uow.rollups.keep(grain, summed(rows, bucket))
        uow.commit()
