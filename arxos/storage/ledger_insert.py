"""Inserting jobs: one statement for any number, then the edges of those that wait for others."""

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from arxos.domain.errors import UnknownPredecessorError
from arxos.domain.jobs.job import FINAL, JobState, NewJob
from arxos.domain.jobs.submission import Known, connected, each_once, refuse_circles, stands_for
from arxos.storage import ledger_edges
from arxos.storage.database import Connection
from arxos.storage.job_rows import INSERT, encoded, state_of

CHANNEL = "arxos_due"

KNOWN = """
SELECT id, kind, queue, coalesce(original_payload, payload), idempotency_key FROM jobs
WHERE id = ANY(%s) OR idempotency_key = ANY(%s)
"""


def insert(connection: Connection, jobs: Sequence[NewJob]) -> list[UUID]:
    """Insert the jobs and wake the relay. Returns ids in order; a known idempotency key gives the job that exists."""
    if not jobs:
        return []
    once = each_once(jobs)
    inserted = {row[0] for row in connection.execute(INSERT, encoded(once))}
    standing = _standing(connection, [job for job in once if job.id not in inserted])
    _connect(connection, [connected(job, standing) for job in once if job.after and job.id in inserted], inserted)
    notify(connection)
    return [standing.get(job.id, job.id) for job in jobs]


def known_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of the idempotency keys that belong to a job."""
    rows = connection.execute("SELECT idempotency_key FROM jobs WHERE idempotency_key = ANY(%s)", [list(keys)])
    return {row[0] for row in rows}


def notify(connection: Connection) -> None:
    """Wake the relay when this transaction commits."""
    connection.execute(f"NOTIFY {CHANNEL}")


def _standing(connection: Connection, repeated: Sequence[NewJob]) -> dict[UUID, UUID]:
    """For each of these the id of the job that exists in its place."""
    if not repeated:
        return {}
    ids, keys = [job.id for job in repeated], [job.idempotency_key for job in repeated if job.idempotency_key]
    by: dict[object, list[Known]] = defaultdict(list)
    for known in (Known(*row) for row in connection.execute(KNOWN, [ids, keys])):
        by[known.id].append(known)
        by[known.idempotency_key].append(known)
    return {job.id: stands_for(job, [*by[job.idempotency_key or job.id], *by[job.id]]) for job in repeated}


def _connect(connection: Connection, jobs: Sequence[NewJob], inserted: AbstractSet[UUID]) -> None:
    """Write the edges of blocked jobs and settle with predecessors that are final already."""
    if not jobs:
        return
    refuse_circles({job.id: job.predecessors.keys() for job in jobs})
    states = _lock_predecessors(connection, {before for job in jobs for before in job.predecessors} - inserted)
    for job in jobs:
        missing = next((before for before in job.predecessors if before not in inserted and before not in states), None)
        if missing:
            raise UnknownPredecessorError(f"no job {str(missing)!r} to wait for", job.id)
    ledger_edges.add(connection, jobs)
    ledger_edges.release(connection, {job_id: state for job_id, state in states.items() if state in FINAL})


def _lock_predecessors(connection: Connection, ids: AbstractSet[UUID]) -> dict[UUID, JobState]:
    """States of the predecessors, held until commit: none of them can settle unseen between here and the new edge."""
    rows = connection.execute("SELECT id, state FROM jobs WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(ids)])
    return {job_id: state_of(state) for job_id, state in rows}
