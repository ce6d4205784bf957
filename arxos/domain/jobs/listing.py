"""Where a job stands in lists, the newest first: by the time that its id carries, else by when it was created.

Ids of version 7 are ordered by time, so that one index serves lists and lookups. Submitters may choose others.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

Place = tuple[datetime, UUID]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LIMIT = UUID("04000000-0000-0000-0000-000000000000")  # in the year 2109; of others few lie below it


def carries_time(job_id: UUID) -> bool:
    """Whether it is of version 7, and of our days."""
    return job_id < LIMIT and job_id.int >> 76 & 0xF == 7


def place_of(job_id: UUID, created_at: datetime) -> Place:
    """Ascending with time."""
    return (EPOCH + (job_id.int >> 80) * MILLISECOND if carries_time(job_id) else created_at), job_id


def bound(before: Place | None) -> UUID:
    """Of jobs whose ids carry their time, those before this place are those whose ids are less."""
    if before is None:
        return LIMIT
    moment, job_id = before
    milliseconds, rest = divmod(moment - EPOCH, MILLISECOND)
    first, last = (UUID(int=max(0, at) << 80) for at in (milliseconds, milliseconds + 1))
    return last if rest else min(max(job_id, first), last)
