"""What code and operators set as limits; and how these work at the moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from arxos.domain.errors import InvalidError, NotFoundError
from arxos.domain.jobs.limits import Allowance, Limit, Scope, check_allowance
from arxos.domain.jobs.operator import Operator
from arxos.storage.acts import record
from arxos.storage.database import Connection, Database
from arxos.storage.ledger_pause import ask_anew
from arxos.storage.limits import read

LIGHTEST, HEAVIEST = 0.001, 1000.0  # a submitter's weight

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
USAGE = """
WITH flight AS (
    SELECT kind, queue FROM jobs WHERE state = 'running' UNION ALL
    SELECT kind, queue FROM jobs WHERE state IN ('queued', 'retryable') AND published_at IS NOT NULL),
held AS (
    SELECT split_part(held, '/', 1) AS whole, count(*) AS n FROM jobs
    WHERE state IN ('queued', 'retryable') AND published_at IS NULL AND held <> '' GROUP BY 1),
paused AS (SELECT 'kind' AS scope, kind AS name, paused_by, paused_at, reason FROM kind_pauses UNION ALL
    SELECT 'queue', queue, paused_by, paused_at, reason FROM queue_pauses)
SELECT scope, name, running, per, CASE WHEN per IS NOT NULL THEN per_running END, rate,
    CASE WHEN rate IS NOT NULL THEN coalesce(burst, greatest(1, ceil(rate))::int) END, paused_by, set_by,
    (SELECT count(*) FROM flight WHERE scope = 'kind' AND kind = name OR scope = 'queue' AND queue = name),
    coalesce(held.n, 0), paused_at, reason, coalesce(limits.source, 'operator')
FROM limits FULL JOIN paused USING (scope, name) LEFT JOIN held ON whole = scope || ':' || name
WHERE scope IN ('kind', 'queue') ORDER BY scope, name
"""
SHARE = """
INSERT INTO shares (submitter, weight) VALUES (%s, %s) ON CONFLICT (submitter) DO UPDATE SET weight = excluded.weight
"""
SHARES = """
SELECT submitter, weight,
    (SELECT count(*) FROM jobs WHERE submitted_by = submitter AND state = 'running')
    + (SELECT count(*) FROM jobs WHERE submitted_by = submitter
        AND state IN ('queued', 'retryable') AND published_at IS NOT NULL)
FROM shares ORDER BY submitter
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """A limit or a pause as it works now. `in_flight`: published or running; `held`: due, and left no room."""

    scope: str
    name: str
    running: int | None
    per: str | None
    per_running: int | None
    rate: float | None
    burst: int | None
    paused_by: str | None
    set_by: str | None
    in_flight: int
    held: int
    paused_at: datetime | None
    pause_reason: str | None
    source: str  # code, operator


@dataclass(frozen=True, slots=True)
class SubmitterShare:
    """A submitter's weight, where it was set. `in_flight`: its jobs that are published or running."""

    submitter: str
    weight: float
    in_flight: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The table of limits. Every method is a transaction of its own, and raises UnavailableError."""

    database: Database

    def all(self) -> list[Limit]:
        """By scope and name."""
        with self.database.connection() as connection:
            return read(connection)

    def usage(self) -> list[Usage]:
        """All limits and pauses, with what is in flight under each, and what it holds back now."""
        with self.database.connection() as connection:
            return [Usage(*row) for row in connection.execute(USAGE)]

    def adopt(self, kinds: Mapping[str, Allowance]) -> None:
        """Bring the limits that come with the code to what the code says; those that it no longer has vanish."""
        with self.database.connection() as connection:
            for name, allowed in kinds.items():
                connection.execute(ADOPT, _values(Scope.KIND, name, allowed, None))
            connection.execute(VANISH, [[f"{Scope.KIND}:{name}" for name in kinds]])
            connection.commit()

    def set(self, scope: Scope, name: str, allowed: Allowance, by: Operator) -> None:
        """From now on. What is published and not claimed asks anew; what runs goes on. Raises InvalidError."""
        check_allowance(allowed)
        with self.database.connection() as connection:
            values = _values(scope, name, allowed, by.name)
            connection.execute(SET, values)
            ask_anew(connection, scope, name)
            self._act(connection, by, "set_limit", values)

    def remove(self, scope: Scope, name: str, by: Operator) -> None:
        """No limit any more. Raises NotFoundError. One that comes with the code is back with the next relay."""
        with self.database.connection() as connection:
            if connection.execute(REMOVE, [scope, name]).fetchone() is None:
                raise NotFoundError(f"no limit on {scope} {name!r}")
            self._act(connection, by, "remove_limit", {"scope": scope, "name": name})

    def shares(self) -> list[SubmitterShare]:
        """Whoever was given a weight, by name."""
        with self.database.connection() as connection:
            return [SubmitterShare(*row) for row in connection.execute(SHARES)]

    def share(self, submitter: str, weight: float, by: Operator) -> None:
        """A submitter's weight when queues are shared out; 1 is everybody's. Raises InvalidError."""
        if not LIGHTEST <= weight <= HEAVIEST:
            raise InvalidError(f"weight: must be {LIGHTEST:g} to {HEAVIEST:g}, got {weight:g}")
        with self.database.connection() as connection:
            connection.execute(SHARE, [submitter, weight])
            self._act(connection, by, "set_share", {"submitter": submitter, "weight": weight})

    def _act(self, connection: Connection, by: Operator, action: str, details: Mapping[str, Any]) -> None:
        record(connection, by, action, **{name: value for name, value in details.items() if name != "by"})
        connection.execute("NOTIFY arxos_due")
        connection.commit()


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
