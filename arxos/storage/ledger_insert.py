"""Inserting jobs: one statement for any number, then the edges of those that wait for others."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from arxos.domain.errors import UnknownPredecessorError
from arxos.domain.jobs.job import FINAL, JobState, NewJob
from arxos.domain.jobs.submission import (
    Known,
    connected,
    each_once,
    refuse_circles,
    refuse_too_many_edges,
    stands_for,
)
from arxos.storage import ledger_edges
from arxos.storage.database import Connection
from arxos.storage.job_rows import INSERT, encoded, state_of
from arxos.storage.principals import PRINCIPAL

CHANNEL = "arxos_due"

# By two indexes; a job that is found by both comes twice.
KNOWN = f"""
WITH asked AS (SELECT * FROM unnest(%(principals)s::text[], %(keys)s::text[]) AS asked (principal, key)),
held AS (
    SELECT jobs.* FROM jobs WHERE id = ANY(%(ids)s)
    UNION ALL
    SELECT jobs.* FROM jobs JOIN asked ON idempotency_key = asked.key AND {PRINCIPAL} = asked.principal)
SELECT id, kind, coalesce(original_payload, payload), idempotency_key, {PRINCIPAL}, contract
FROM held jobs
"""
KNOWN_KEYS = f"""
SELECT asked.principal, asked.key FROM unnest(%s::text[], %s::text[]) AS asked (principal, key)
JOIN jobs ON idempotency_key = asked.key AND {PRINCIPAL} = asked.principal
"""


def insert(connection: Connection, jobs: Sequence[NewJob]) -> list[UUID]:
    """Insert the jobs and wake the relay. Returns ids in order; a principal's known key gives the job that exists."""
    if not jobs:
        return []
    refuse_too_many_edges(jobs)
    once = each_once(jobs)
    inserted = {row[0] for row in connection.execute(INSERT, encoded(once))}
    standing = _standing(connection, [job for job in once if job.id not in inserted])
    _connect(connection, [connected(job, standing) for job in once if job.after and job.id in inserted], inserted)
    notify(connection)
    return [standing.get(job.id, job.id) for job in jobs]


def known_keys(connection: Connection, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the keys, each with its principal, that belong to a job."""
    values = [[principal for principal, _ in keys], [key for _, key in keys]]
    return {(principal, key) for principal, key in connection.execute(KNOWN_KEYS, values)}


def notify(connection: Connection) -> None:
    """Wake the relay when this transaction commits."""
    connection.execute(f"NOTIFY {CHANNEL}")


def _standing(connection: Connection, repeated: Sequence[NewJob]) -> dict[UUID, UUID]:
    """For each of these the id of the job that exists in its place."""
    if not repeated:
        return {}
    keyed = [job for job in repeated if job.idempotency_key is not None]
    asked = {
        "ids": [job.id for job in repeated],
        "keys": [job.idempotency_key for job in keyed],
        "principals": [job.principal for job in keyed],
    }
    by: dict[object, list[Known]] = defaultdict(list)
    for known in (Known(*row) for row in connection.execute(KNOWN, asked)):
        by[known.id].append(known)
        by[known.principal, known.idempotency_key].append(known)
    return {job.id: stands_for(job, [*by[job.principal, job.idempotency_key], *by[job.id]]) for job in repeated}


def _connect(connection: Connection, jobs: Sequence[NewJob], inserted: AbstractSet[UUID]) -> None:
    """Write the edges of blocked jobs and settle with predecessors that are final already."""
    if not jobs:
        return
    waits = {job.id: job.predecessors for job in jobs}
    refuse_circles(waits)
    states = _lock_predecessors(connection, {before for edges in waits.values() for before in edges} - inserted)
    for job_id, edges in waits.items():
        missing = next((before for before in edges if before not in inserted and before not in states), None)
        if missing:
            raise UnknownPredecessorError(f"no job {str(missing)!r} to wait for", job_id)
    ledger_edges.add(connection, waits)
    ledger_edges.release(connection, {job_id: state for job_id, state in states.items() if state in FINAL})


def _lock_predecessors(connection: Connection, ids: AbstractSet[UUID]) -> dict[UUID, JobState]:
    """States of the predecessors, held until commit: none of them can settle unseen between here and the new edge."""
    rows = connection.execute("SELECT id, state FROM jobs WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(ids)])
    return {job_id: state_of(state) for job_id, state in rows}
