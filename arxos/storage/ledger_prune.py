"""Pruning: old jobs that ended well or were cancelled leave the ledger, with their attempts and edges."""

from arxos.storage.database import Connection

# Two statements, each with a view of its own: a job that came in just before the lock, to wait for one of these, is
# seen by the second; one that comes later finds its predecessor locked, and then gone.
OLD = """
SELECT id FROM jobs
WHERE state IN ('succeeded', 'cancelled') AND finished_at < clock_timestamp() - make_interval(secs => %(older_than_s)s)
    AND NOT EXISTS (
        SELECT FROM job_edges JOIN jobs later ON later.id = job_edges.job_id
        WHERE after_id = jobs.id AND later.state NOT IN ('succeeded', 'cancelled'))
ORDER BY finished_at LIMIT %(limit)s FOR UPDATE OF jobs SKIP LOCKED
"""
DELETE = """
WITH pruned AS (
    DELETE FROM jobs WHERE id = ANY(%(ids)s) AND NOT EXISTS (
        SELECT FROM job_edges JOIN jobs later ON later.id = job_edges.job_id
        WHERE after_id = jobs.id AND later.state NOT IN ('succeeded', 'cancelled'))
    RETURNING id),
history AS (DELETE FROM attempts USING pruned WHERE job_id = pruned.id),
edges AS (DELETE FROM job_edges USING pruned WHERE after_id = pruned.id)
SELECT id FROM pruned
"""


def prune(connection: Connection, older_than_s: float, limit: int) -> int:
    """Delete a batch, the oldest first; how many. Edges to a pruned job's predecessors go with it by their key."""
    old = [row[0] for row in connection.execute(OLD, {"older_than_s": older_than_s, "limit": limit})]
    return len(connection.execute(DELETE, {"ids": old}).fetchall()) if old else 0
