"""Limits on PostgreSQL: what the relay counts, and what is set by code and by operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.limits import Allowance, Bucket, Limit, Room, Scope, check_allowance
from arxos.storage.database import Connection, Database
from arxos.storage.ledger_pause import ask_anew

READ = """
SELECT scope, name, running, per, per_running, rate, burst, tokens, unclaimed, looked_at, source, set_by FROM limits
ORDER BY scope, name
"""
PAUSED = "SELECT 'kind:' || kind FROM kind_pauses"
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

SET = """
INSERT INTO limits AS known (scope, name, running, per, per_running, rate, burst, tokens, source, set_by)
VALUES (%(scope)s, %(name)s, %(running)s, %(per)s, %(per_running)s, %(rate)s, %(burst)s, %(tokens)s, %(source)s, %(by)s)
ON CONFLICT (scope, name) DO UPDATE SET running = %(running)s, per = %(per)s, per_running = %(per_running)s,
    rate = %(rate)s, burst = %(burst)s, source = %(source)s, set_by = %(by)s, set_at = clock_timestamp(),
    tokens = 0, unclaimed = 0, looked_at = clock_timestamp()
"""
# What an operator has set outlasts a deploy; what is as it was keeps its bucket.
ADOPT: LiteralString = (
    SET
    + """
WHERE known.set_by IS NULL AND (known.running, known.per, known.per_running, known.rate, known.burst)
    IS DISTINCT FROM (%(running)s, %(per)s, %(per_running)s, %(rate)s, %(burst)s)
"""
)
VANISH = "DELETE FROM limits WHERE source = 'code' AND set_by IS NULL AND scope || ':' || name <> ALL(%s)"
REMOVE = "DELETE FROM limits WHERE scope = %s AND name = %s RETURNING name"
SHARE = """
INSERT INTO shares (submitter, weight) VALUES (%s, %s) ON CONFLICT (submitter) DO UPDATE SET weight = excluded.weight
"""
ACT = "INSERT INTO operator_actions (actor, action, details) VALUES (%s, %s, %s)"


def room(connection: Connection) -> Room | None:
    """What limits and pauses leave now; None where there are none. Nobody else may publish meanwhile."""
    limits = {limit.group: limit for limit in read(connection)}
    paused = frozenset(row[0] for row in connection.execute(PAUSED))
    if not limits and not paused:
        return None
    in_flight: dict[str, int] = {}
    unclaimed: dict[str, int] = {}
    for group, key, flying, waiting in connection.execute(IN_FLIGHT):
        in_flight[group] = in_flight.get(group, 0) + flying
        unclaimed[group] = unclaimed.get(group, 0) + waiting
        if key is not None:
            in_flight[f"{group}/{key}"] = flying
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return Room(limits, in_flight, unclaimed, paused, row[0])


def read(connection: Connection) -> list[Limit]:
    """All limits, by scope and name."""
    return [_limit(*row) for row in connection.execute(READ)]


def keys_of(connection: Connection, jobs: Sequence[UUID]) -> Mapping[UUID, dict[str, str]]:
    """Of jobs under limits with a key: its value by the limit's group."""
    found: dict[UUID, dict[str, str]] = {}
    for job_id, group, key in connection.execute(KEYS, [list(jobs)]):
        found.setdefault(job_id, {})[group] = key
    return found


def spend(connection: Connection, limit: Limit, bucket: Bucket) -> None:
    """Remember a rate's bucket."""
    connection.execute(SPEND, [bucket.tokens, bucket.unclaimed, bucket.looked_at, limit.scope, limit.name])


@dataclass(frozen=True, slots=True)
class Limits:
    """The table of limits. Every method is a transaction of its own, and raises UnavailableError."""

    database: Database

    def all(self) -> list[Limit]:
        """By scope and name."""
        with self.database.connection() as connection:
            return read(connection)

    def adopt(self, kinds: Mapping[str, Allowance]) -> None:
        """Bring the limits that come with the code to what the code says; those that it no longer has vanish."""
        with self.database.connection() as connection:
            for name, allowed in kinds.items():
                connection.execute(ADOPT, _values(Scope.KIND, name, allowed, None))
            connection.execute(VANISH, [[f"{Scope.KIND}:{name}" for name in kinds]])
            connection.commit()

    def set(self, scope: Scope, name: str, allowed: Allowance, by: str) -> None:
        """From now on. What is published and not claimed asks anew; what runs goes on. Raises InvalidError."""
        check_allowance(allowed)
        with self.database.connection() as connection:
            values = _values(scope, name, allowed, by)
            connection.execute(SET, values)
            ask_anew(connection, scope, name)
            self._act(connection, by, "set_limit", values)

    def remove(self, scope: Scope, name: str, by: str) -> None:
        """No limit any more. Raises NotFoundError. One that comes with the code is back with the next relay."""
        with self.database.connection() as connection:
            if connection.execute(REMOVE, [scope, name]).fetchone() is None:
                raise NotFoundError(f"no limit on {scope} {name!r}")
            self._act(connection, by, "remove_limit", {"scope": scope, "name": name})

    def share(self, submitter: str, weight: float, by: str) -> None:
        """A submitter's weight when queues are shared out; 1 is everybody's."""
        with self.database.connection() as connection:
            connection.execute(SHARE, [submitter, weight])
            self._act(connection, by, "set_share", {"submitter": submitter, "weight": weight})

    def _act(self, connection: Connection, by: str, action: str, details: Mapping[str, Any]) -> None:
        connection.execute(ACT, [by, action, Jsonb({name: value for name, value in details.items() if name != "by"})])
        connection.execute("NOTIFY arxos_due")
        connection.commit()


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


def _values(scope: Scope, name: str, allowed: Allowance, by: str | None) -> dict[str, Any]:
    return {
        "scope": scope,
        "name": name,
        "running": allowed.running,
        "per": allowed.per,
        "per_running": allowed.per_running,
        "rate": allowed.rate,
        "burst": allowed.burst,
        "tokens": allowed.bucket_size if allowed.rate else 0,
        "source": "code" if by is None else "operator",
        "by": by,
    }
