"""The moments that may be handed in: every column, page, export and time zone can hold them.

Python ends at the year 9999 and PostgreSQL far beyond, but a moment near either end of a calendar cannot be moved to
another zone, nor a duration be added to it. So each door takes the years 1970 to 3000, and nothing else is stored.
"""

import re
from datetime import UTC, date, datetime

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(3001, 1, 1, tzinfo=UTC)  # the first that is too late
OUTSIDE = "must lie in the years 1970 to 3000 (UTC)"
_HOUR_24 = re.compile(r"[0-9W-]{7,10}[^0-9W-]24")
UNZONED = "must have a zone, such as 2026-11-25T08:00:00Z"


def bounded(moment: datetime) -> datetime:
    """The same moment. Raises ValueError where it has no zone, or lies outside of the years 1970 to 3000 (UTC)."""
    if moment.utcoffset() is None:
        raise ValueError(UNZONED)
    if not FIRST <= moment < END:  # aware moments are compared without moving them to another zone
        raise ValueError(OUTSIDE)
    return moment


def bounded_day(day: date) -> date:
    """The same day. Raises ValueError where it lies outside of the years 1970 to 3000."""
    if not FIRST.date() <= day < END.date():
        raise ValueError(OUTSIDE)
    return day


def read_moment(text: str) -> datetime:
    """ISO 8601 with a zone. Raises ValueError; TypeError where it is no text."""
    return bounded(read_iso(text))


def read_iso(text: str) -> datetime:
    """ISO 8601, alike on every Python: newer ones take the hour 24 as well. Raises ValueError, TypeError."""
    if _HOUR_24.match(text):
        raise ValueError("hour must be in 0..23")
    return datetime.fromisoformat(text)
