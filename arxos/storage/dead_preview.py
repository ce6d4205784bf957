"""The dry run of acts on dead letters: what fits a filter, and what stands in the way of running it again."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, LiteralString
from uuid import UUID

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage import ledger_read
from arxos.storage.database import Connection, Database
from arxos.storage.limits import KEY, ON_JOB
from arxos.storage.principals import PRINCIPAL

COUNTS: LiteralString = """
SELECT kind, queue, coalesce(error_fingerprint, left(md5(coalesce(error_type, '')), 12)), count(*),
    count(*) FILTER (WHERE deadline <= clock_timestamp())
FROM jobs WHERE {which} GROUP BY 1, 2, 3
"""
SAMPLES: LiteralString = "SELECT id FROM jobs WHERE {which} ORDER BY id DESC LIMIT 3"
PAYLOADS: LiteralString = "SELECT kind, contract, payload FROM jobs WHERE {which}"

# A principal's key has one job at a time, dead or alive: unless its unique index is damaged, nothing is found here.
SAME_KEY: LiteralString = f"""
SELECT count(*) FROM (
    SELECT id, idempotency_key AS key, {PRINCIPAL} AS principal FROM jobs
    WHERE {{which}} AND idempotency_key IS NOT NULL) dead
WHERE EXISTS (SELECT FROM jobs WHERE idempotency_key = dead.key AND {PRINCIPAL} = dead.principal AND jobs.id <> dead.id
    AND state NOT IN ('succeeded', 'cancelled'))
"""
# Who would have to wait since as many live jobs as are allowed at once have the same building, submitter or field.
HELD_UP: LiteralString = f"""
WITH live AS (
    SELECT scope, name, {KEY} AS key, count(*) AS n FROM jobs JOIN limits ON per IS NOT NULL AND {ON_JOB}
    WHERE state IN ('queued', 'retryable', 'running') GROUP BY 1, 2, 3),
dead AS (
    SELECT id, scope, name, {KEY} AS key, per_running
    FROM (SELECT id, kind, queue, building_id, submitted_by, payload FROM jobs WHERE {{which}}) dead
    JOIN limits ON per IS NOT NULL AND {ON_JOB})
SELECT count(DISTINCT id) FROM dead JOIN live USING (scope, name, key) WHERE n >= coalesce(per_running, 1)
"""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would be done to. `late`: their deadline has passed.

    `held_up`: jobs that would wait for a live one, by a limit on what may run at once for each building, submitter or
    field of the payload. `same_key`: those whose idempotency key a live job has.
    """

    matched: int
    kinds: Mapping[str, int]
    queues: Mapping[str, int]
    fingerprints: Mapping[str, int]
    samples: tuple[UUID, ...]  # the newest
    held_up: int
    same_key: int
    late: int


class DeadPreview:
    """Looks, and changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look(self, which: JobFilter) -> Preview:
        """What fits now. Raises UnavailableError."""
        where, values = ledger_read.condition(replace(which, state=JobState.DEAD))
        with self._database.connection() as connection:
            kinds, queues, fingerprints = Counter[str](), Counter[str](), Counter[str]()
            late = 0
            for kind, queue, fingerprint, count, too_late in connection.execute(COUNTS.format(which=where), values):
                kinds[kind] += count
                queues[queue] += count
                fingerprints[fingerprint] += count
                late += too_late
            samples = tuple(row[0] for row in connection.execute(SAMPLES.format(which=where), values))
            held_up = _number(connection, HELD_UP.format(which=where), values)
            same_key = _number(connection, SAME_KEY.format(which=where), values)
        counts = [dict(one.most_common()) for one in (kinds, queues, fingerprints)]
        return Preview(kinds.total(), counts[0], counts[1], counts[2], samples, held_up, same_key, late)

    def payloads(self, which: JobFilter) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        """Kind, contract and payload of each that fits, a thousand in memory at once. Raises UnavailableError."""
        where, values = ledger_read.condition(replace(which, state=JobState.DEAD))
        with self._database.connection() as connection, connection.cursor("payloads") as cursor:
            cursor.itersize = 1000
            yield from cursor.execute(PAYLOADS.format(which=where), values)


def _number(connection: Connection, statement: LiteralString, values: Mapping[str, Any]) -> int:
    return int(connection.execute(statement, values).fetchall()[0][0])
