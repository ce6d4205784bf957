"""Edges between jobs: who waits for whom, and what happens when somebody settles."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from arxos.domain.jobs.job import JobState
from arxos.storage.database import Connection

ADD = "INSERT INTO job_edges (after_id, job_id) SELECT * FROM unnest(%s::uuid[], %s::uuid[])"
COUNT = """
UPDATE jobs SET waiting_for = edges.n
FROM (SELECT job_id, count(*) AS n FROM job_edges WHERE job_id = ANY(%s) GROUP BY job_id) edges
WHERE jobs.id = edges.job_id
"""
RELEASE = """
WITH released AS (
    UPDATE job_edges SET released = true WHERE after_id = ANY(%s) AND NOT released RETURNING job_id),
edges AS (SELECT job_id, count(*) AS n FROM released GROUP BY job_id),
locked AS (SELECT jobs.id FROM jobs JOIN edges ON edges.job_id = jobs.id ORDER BY jobs.id FOR UPDATE OF jobs)
UPDATE jobs SET waiting_for = waiting_for - edges.n,
    state = CASE WHEN state = 'blocked' AND waiting_for <= edges.n THEN 'queued' ELSE state END,
    available_at = CASE WHEN state = 'blocked' AND waiting_for <= edges.n
        THEN greatest(available_at, clock_timestamp()) ELSE available_at END
FROM locked JOIN edges ON edges.job_id = locked.id WHERE jobs.id = locked.id
RETURNING jobs.id, jobs.state
"""
CANCEL_SUCCESSORS = """
UPDATE jobs SET state = 'cancelled', finished_at = clock_timestamp(), error_type = 'CancelledError',
    error_message = 'a job that it waits for did not succeed: ' || edges.after_id
FROM job_edges edges
WHERE edges.after_id = ANY(%s) AND NOT edges.released AND jobs.id = edges.job_id
    AND jobs.state = 'blocked' AND jobs.on_failure = 'cancel'
RETURNING jobs.id
"""


def add(connection: Connection, edges: Sequence[tuple[UUID, UUID]]) -> None:
    """Write edges (predecessor, successor) and each successor's count of them."""
    connection.execute(ADD, [[before for before, _ in edges], [job_id for _, job_id in edges]])
    connection.execute(COUNT, [list({job_id for _, job_id in edges})])


def release(connection: Connection, final: Mapping[UUID, JobState]) -> None:
    """Tell the successors of final jobs: they come nearer to their turn, or are cancelled, all the way down."""
    while final:
        failed = [job_id for job_id, state in final.items() if state is not JobState.SUCCEEDED]
        cancelled = connection.execute(CANCEL_SUCCESSORS, [failed]).fetchall() if failed else []
        freed = connection.execute(RELEASE, [list(final)]).fetchall()
        if any(state == JobState.QUEUED for _, state in freed):
            connection.execute("NOTIFY arxos_due")
        final = {row[0]: JobState.CANCELLED for row in cancelled}
