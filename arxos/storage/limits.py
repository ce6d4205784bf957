"""Limits on PostgreSQL: what the relay counts, and what is set by code and by operators."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from arxos.domain.jobs.limits import Allowance, Bucket, Limit, Room, Scope
from arxos.storage.database import Connection

# Of scopes that this version does not know no job here can be.
READ: LiteralString = """
SELECT scope, name, running, per, per_running, rate, burst, tokens, unclaimed, looked_at, source, set_by FROM limits
WHERE scope IN ('kind', 'queue')
"""
STANDING: LiteralString = (
    READ
    + """
UNION ALL SELECT 'kind', kind, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'pause', paused_by FROM kind_pauses
"""
)
# Whether a limit is on this job: to be read beside `jobs` or what has its columns.
ON_JOB: LiteralString = "(scope = 'kind' AND name = kind OR scope = 'queue' AND name = queue)"
KEY: LiteralString = """left(CASE per WHEN 'building' THEN building_id::text WHEN 'submitter' THEN submitted_by
    ELSE payload->>substr(per, 9) END, 200)"""  # after `payload.`
IN_FLIGHT: LiteralString = f"""
WITH flight AS (
    SELECT kind, queue, submitted_by, building_id, payload, 1 AS runs FROM jobs WHERE state = 'running'
    UNION ALL
    SELECT kind, queue, submitted_by, building_id, payload, 0 FROM jobs
        WHERE state IN ('queued', 'retryable') AND published_at IS NOT NULL)
SELECT scope || ':' || name, {KEY}, count(*), count(*) FILTER (WHERE runs = 0)
FROM flight JOIN limits ON {ON_JOB} GROUP BY 1, 2
"""
KEYS: LiteralString = f"""
SELECT id, scope || ':' || name, {KEY} FROM jobs JOIN limits ON per IS NOT NULL AND {ON_JOB}
WHERE id = ANY(%s) AND {KEY} IS NOT NULL
"""
SPEND = "UPDATE limits SET tokens = %s, unclaimed = %s, looked_at = %s WHERE scope = %s AND name = %s"


@dataclass(frozen=True, slots=True)
class Standing:
    """The limits that there are, by group, and the groups that are paused."""

    limits: Mapping[str, Limit]
    paused: frozenset[str]

    @property
    def groups(self) -> AbstractSet[str]:
        """What is limited or paused."""
        return self.limits.keys() | self.paused


def standing(connection: Connection) -> Standing:
    """What stands now."""
    rows = connection.execute(STANDING).fetchall()
    limits = [_limit(*row) for row in rows if row[10] != "pause"]
    paused = frozenset(f"{row[0]}:{row[1]}" for row in rows if row[10] == "pause")
    return Standing({limit.group: limit for limit in limits}, paused)


def room(connection: Connection, stands: Standing) -> Room:
    """What limits and pauses leave now. Nobody else may publish meanwhile."""
    in_flight: dict[str, int] = {}
    unclaimed: dict[str, int] = {}
    for group, key, flying, waiting in connection.execute(IN_FLIGHT):
        in_flight[group] = in_flight.get(group, 0) + flying
        unclaimed[group] = unclaimed.get(group, 0) + waiting
        if key is not None:
            in_flight[f"{group}/{key}"] = flying
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return Room(stands.limits, in_flight, unclaimed, stands.paused, row[0])


def read(connection: Connection) -> list[Limit]:
    """All limits, by scope and name."""
    return [_limit(*row) for row in connection.execute(READ + "ORDER BY scope, name")]


def keys_of(connection: Connection, jobs: Sequence[UUID]) -> Mapping[UUID, dict[str, str]]:
    """Of jobs under limits with a key: its value by the limit's group."""
    found: dict[UUID, dict[str, str]] = {}
    for job_id, group, key in connection.execute(KEYS, [list(jobs)]):
        found.setdefault(job_id, {})[group] = key
    return found


def spend(connection: Connection, limit: Limit, bucket: Bucket) -> None:
    """Remember a rate's bucket."""
    connection.execute(SPEND, [bucket.tokens, bucket.unclaimed, bucket.looked_at, limit.scope, limit.name])


def _limit(
    scope: str,
    name: str,
    running: int | None,
    per: str | None,
    per_running: int | None,
    rate: float | None,
    burst: int | None,
    *rest: Any,
) -> Limit:
    tokens, unclaimed, looked_at, source, set_by = rest
    allowed = Allowance(running, per, 1 if per_running is None else per_running, rate, burst)
    return Limit(Scope(scope), name, allowed, Bucket(tokens, unclaimed, looked_at), source, set_by)
