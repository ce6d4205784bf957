"""Pruning: old jobs that ended well or were cancelled leave the ledger, and history keeps a line of each."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.retention import Retention
from arxos.storage import job_history
from arxos.storage.database import Connection

# Each pair of kind and state by one look into the index, however many jobs there are of it.
SORTS = """
WITH RECURSIVE sorts AS (
    (SELECT kind, state FROM jobs WHERE state IN ('succeeded', 'cancelled') ORDER BY kind, state LIMIT 1)
    UNION ALL
    SELECT next.kind, next.state FROM sorts, LATERAL (
        SELECT kind, state FROM jobs
        WHERE state IN ('succeeded', 'cancelled') AND (kind, state) > (sorts.kind, sorts.state)
        ORDER BY kind, state LIMIT 1) next)
SELECT kind, state FROM sorts
"""
# Two statements, each with a view of its own: a job that came in just before the lock, to wait for one of these, is
# seen by the second; one that comes later finds its predecessor locked, and then gone.
OLD = """
SELECT id, finished_at FROM jobs
WHERE state IN ('succeeded', 'cancelled') AND kind = %(kind)s AND state = %(state)s
    AND finished_at < clock_timestamp() - make_interval(secs => %(keep_s)s)
    AND NOT EXISTS (
        SELECT FROM job_edges JOIN jobs later ON later.id = job_edges.job_id
        WHERE after_id = jobs.id AND later.state NOT IN ('succeeded', 'cancelled'))
ORDER BY finished_at LIMIT %(limit)s FOR UPDATE OF jobs SKIP LOCKED
"""
DELETE = f"""
WITH pruned AS (
    DELETE FROM jobs WHERE id = ANY(%(ids)s) AND NOT EXISTS (
        SELECT FROM job_edges JOIN jobs later ON later.id = job_edges.job_id
        WHERE after_id = jobs.id AND later.state NOT IN ('succeeded', 'cancelled'))
    RETURNING *),
kept AS ({job_history.KEEP}),
attempts_too AS (DELETE FROM attempts USING pruned WHERE job_id = pruned.id),
edges AS (DELETE FROM job_edges USING pruned WHERE after_id = pruned.id)
SELECT count(*) FROM pruned
"""


def prune(connection: Connection, retention: Retention, limit: int) -> int:
    """Delete a batch, of each sort the oldest first; how many. Edges to a pruned job's predecessors go by their key."""
    old = dict(_old(connection, retention, limit))
    if not old:
        return 0
    job_history.make_room(connection, old.values())
    row = connection.execute(DELETE, {"ids": list(old)}).fetchone()
    return int(row[0]) if row else 0


def _old(connection: Connection, retention: Retention, limit: int) -> Iterator[tuple[UUID, datetime]]:
    for kind, state in connection.execute(SORTS).fetchall():
        keep_s = retention.keep_s(kind, JobState(state))
        values = {"kind": kind, "state": state, "keep_s": keep_s, "limit": limit}
        found = connection.execute(OLD, values).fetchall()
        yield from found
        limit -= len(found)
        if limit <= 0:
            return
