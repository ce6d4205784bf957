"""The last hour in numbers, and what is wrong now: each by an index, whatever history lies beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from arxos.storage.database import Connection, Database
from arxos.storage.ledger_prune import SORTS

LAST_HOUR = "finished_at > clock_timestamp() - interval '1 hour'"
# Each kind by its own stretch of the index on kind, state and end.
ENDED = f"""
SELECT date_trunc('minute', finished_at), count(*) FROM jobs
WHERE kind = ANY(%(kinds)s) AND state = 'succeeded' AND {LAST_HOUR} GROUP BY 1
"""
DIED = f"SELECT date_trunc('minute', finished_at), count(*) FROM jobs WHERE state = 'dead' AND {LAST_HOUR} GROUP BY 1"
WAITED = f"""
SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
    ORDER BY extract(epoch FROM started_at - greatest(available_at, 'epoch')))
FROM (SELECT started_at, available_at FROM jobs
    WHERE kind = ANY(%(kinds)s) AND state = 'succeeded' AND {LAST_HOUR} AND started_at >= available_at
    LIMIT 20000) latest
"""
MINUTE = "SELECT date_trunc('minute', clock_timestamp())"


@dataclass(frozen=True, slots=True)
class LastHour:
    """By the minute, and how long jobs waited (seconds: the median, and what 95 of 100 stayed below)."""

    minute: datetime  # the one that it is
    ended: Mapping[datetime, int]
    died: Mapping[datetime, int]
    waited_s: Sequence[float] | None


def last_hour(database: Database) -> LastHour:
    """Read now. Raises UnavailableError."""
    with database.connection() as connection:
        kinds = {"kinds": sorted({kind for kind, _ in connection.execute(SORTS)})}
        row = connection.execute(WAITED, kinds).fetchone()
        minute = connection.execute(MINUTE).fetchone()
        assert minute is not None
        waited = row[0] if row and row[0] and row[0][0] is not None else None
        return LastHour(minute[0], _counts(connection, ENDED, kinds), _counts(connection, DIED, {}), waited)


def _counts(connection: Connection, query: str, values: Mapping[str, object]) -> dict[datetime, int]:
    return dict(connection.execute(query.encode(), values).fetchall())
