"""Buckets of time. All of them begin in UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Grain(StrEnum):
    """How long a bucket is."""

    FIVE_MINUTES = "5m"
    HOUR = "hour"
    DAY = "day"


LENGTH = {Grain.FIVE_MINUTES: timedelta(minutes=5), Grain.HOUR: timedelta(hours=1), Grain.DAY: timedelta(days=1)}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(moment: datetime, grain: Grain) -> datetime:
    """The beginning of the bucket that holds the moment."""
    return moment.astimezone(UTC) - (moment - EPOCH) % LENGTH[grain]


def buckets(since: datetime, until: datetime, grain: Grain) -> Iterator[datetime]:
    """Those that begin at or after the one that holds `since`, and before `until`."""
    bucket = bucket_of(since, grain)
    while bucket < until:
        yield bucket
        bucket += LENGTH[grain]
