"""Reading the workflow around a job."""

from uuid import UUID

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.graph import MOST_EDGES, Edge, Graph, Node
from arxos.storage.database import Connection
from arxos.storage.job_rows import on_failure_of, state_of
from arxos.storage.ledger_edges import by_index

# In widening circles; the LIMIT ends the search where it stands, however much there is.
NODES = """
WITH RECURSIVE near (id) AS (
    SELECT %(job_id)s::uuid
    UNION
    SELECT next.id FROM near CROSS JOIN LATERAL (
        SELECT job_id AS id FROM job_edges WHERE after_id = near.id
        UNION ALL SELECT after_id FROM job_edges WHERE job_id = near.id OFFSET 0) next)
SELECT jobs.id, kind, state, waiting_for FROM (
    SELECT id, row_number() OVER () AS place FROM near LIMIT %(limit)s) nodes
JOIN jobs ON jobs.id = nodes.id ORDER BY place
"""
# Edges that the code before wrote know their policy from their job.
EDGES = """
SELECT after_id, job_id, CASE WHEN jobs.on_failure = 'run' THEN 'run' ELSE edge.on_failure END, released
FROM unnest(%(ids)s::uuid[]) AS near (id)
CROSS JOIN LATERAL (SELECT * FROM job_edges WHERE after_id = near.id OFFSET 0) edge
JOIN unnest(%(ids)s::uuid[]) AS other (id) ON other.id = job_id
JOIN jobs ON jobs.id = job_id LIMIT %(limit)s
"""


def graph(connection: Connection, job_id: UUID, limit: int) -> Graph:
    """What hangs together with the job, at most `limit` jobs of it. Raises NotFoundError."""
    with by_index(connection):
        rows = connection.execute(NODES, {"job_id": job_id, "limit": limit + 1}).fetchall()
    nodes = [Node(one, kind, state_of(state), waiting) for one, kind, state, waiting in rows[:limit]]
    if not nodes or nodes[0].id != job_id:
        raise NotFoundError(f"no job {str(job_id)!r}")
    ids = [node.id for node in nodes]
    with by_index(connection):
        found = connection.execute(EDGES, {"ids": ids, "limit": MOST_EDGES + 1}).fetchall()
    edges = [Edge(before, job, on_failure_of(policy), released) for before, job, policy, released in found[:MOST_EDGES]]
    return Graph(job_id, tuple(nodes), tuple(edges), cut=len(rows) > limit or len(found) > MOST_EDGES)
