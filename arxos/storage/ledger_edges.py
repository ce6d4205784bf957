"""Edges between jobs: who waits for whom, and what happens when somebody settles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import LiteralString
from uuid import UUID

from arxos.domain.jobs.job import JobState, NewJob, OnFailure
from arxos.storage.database import Connection

ADD = """
INSERT INTO job_edges (after_id, job_id, on_failure) SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[])
"""
COUNT = """
UPDATE jobs SET waiting_for = edges.n
FROM (SELECT job_id, count(*) AS n FROM job_edges WHERE job_id = ANY(%s) GROUP BY job_id) edges
WHERE jobs.id = edges.job_id
"""
ADD_TO = """
WITH waiting AS (
    UPDATE jobs SET waiting_for = waiting_for + cardinality(%(before)s::uuid[]),
        on_failure = CASE WHEN %(on_failure)s = 'cancel' THEN 'cancel' ELSE on_failure END
    WHERE id = %(job_id)s AND state = 'blocked' RETURNING id)
INSERT INTO job_edges (after_id, job_id, on_failure)
SELECT before, id, %(on_failure)s FROM waiting, unnest(%(before)s::uuid[]) AS before
"""
ANY_WAITING = "SELECT EXISTS (SELECT FROM job_edges WHERE after_id = ANY(%s) AND NOT released)"
# Whom a doomed job's failure cancels, and with what it is told. `OFFSET 0`: step by step, see `by_index`. An edge that
# the code before wrote knows its policy from its job only.
FALLING: LiteralString = """CROSS JOIN LATERAL (
    SELECT edge.job_id, edge.after_id FROM job_edges edge JOIN jobs ON jobs.id = edge.job_id
    WHERE edge.after_id = doomed.id AND NOT edge.released AND edge.on_failure = 'cancel'
        AND jobs.state = 'blocked' AND jobs.on_failure = 'cancel' OFFSET 0) falling
"""
# All the way down: each job is met once, each edge looked at once.
DOOMED: LiteralString = f"""
WITH RECURSIVE doomed AS (
    SELECT unnest(%(failed)s::uuid[]) AS id UNION SELECT falling.job_id FROM doomed {FALLING})
"""
# All that will change, in the order of ids, so that two who settle at once cannot wait for each other in a circle.
LOCK: LiteralString = f"""{DOOMED}, ended AS (SELECT id FROM doomed UNION SELECT unnest(%(final)s::uuid[]))
SELECT id FROM jobs WHERE id IN (
    SELECT job_id FROM ended CROSS JOIN LATERAL (
        SELECT job_id FROM job_edges WHERE after_id = ended.id AND NOT released OFFSET 0) later)
ORDER BY id FOR NO KEY UPDATE
"""
# Each with the one that is named as its reason: of several the one with the lowest id.
FIND_DOOMED: LiteralString = f"""{DOOMED}
SELECT DISTINCT ON (job_id) job_id, after_id FROM doomed {FALLING} ORDER BY job_id, after_id
"""
CANCEL = """
UPDATE jobs SET state = 'cancelled', finished_at = clock_timestamp(), error_type = 'CancelledError',
    error_message = reason, cancel_reason = reason
FROM unnest(%s::uuid[], %s::text[]) AS doomed (id, reason) WHERE jobs.id = doomed.id AND jobs.state = 'blocked'
"""
# Two lists of unknown length are never joined with each other: the planner takes them for short, and would compare each
# row of one with each of the other.
RELEASE = """
WITH released AS (
    UPDATE job_edges SET released = true WHERE after_id = ANY(%s) AND NOT released RETURNING job_id),
edges AS (SELECT job_id, count(*) AS n FROM released GROUP BY job_id),
locked AS (
    SELECT id, n FROM jobs JOIN edges ON job_id = id ORDER BY id FOR NO KEY UPDATE OF jobs)
UPDATE jobs SET waiting_for = waiting_for - n,
    state = CASE WHEN state = 'blocked' AND waiting_for <= n THEN 'queued' ELSE state END,
    available_at = CASE WHEN state = 'blocked' AND waiting_for <= n
        THEN greatest(available_at, clock_timestamp()) ELSE available_at END
FROM locked WHERE jobs.id = locked.id
RETURNING jobs.state
"""


def add(connection: Connection, waits: Mapping[UUID, Mapping[UUID, OnFailure]]) -> None:
    """Write the edges between jobs and those that each waits for, and how many there are."""
    edges = [(before, job_id, policy) for job_id, them in waits.items() for before, policy in them.items()]
    connection.execute(ADD, [list(column) for column in zip(*edges, strict=True)])
    connection.execute(COUNT, [list({job_id for _, job_id, _ in edges})])


def add_to(connection: Connection, job_id: UUID, before: Sequence[UUID], on_failure: OnFailure) -> bool:
    """Let a blocked job wait for jobs that nobody else sees yet, none of which can have settled; whether it did."""
    values = {"job_id": job_id, "before": list(before), "on_failure": on_failure}
    return bool(connection.execute(ADD_TO, values).rowcount)


def common_policy(job: NewJob) -> OnFailure:
    """What stands in the job's own row: for code that knows no policy of an edge, and cancels where any edge would."""
    if not job.after:
        return job.on_failure
    return max(job.predecessors.values(), key=lambda policy: policy is OnFailure.CANCEL)


def release(connection: Connection, final: Mapping[UUID, JobState]) -> None:
    """Tell the successors of final jobs: they come nearer to their turn, or are cancelled, all the way down.

    The number of statements does not depend on how deep that goes; each edge is looked at a fixed number of times.
    """
    failed = [job_id for job_id, state in final.items() if state is not JobState.SUCCEEDED]
    doomed = _cancel(connection, failed, final) if failed and _any_waiting(connection, final) else []
    freed = connection.execute(RELEASE, [[*final, *doomed]]) if final else ()
    if any(state == JobState.QUEUED for (state,) in freed):
        connection.execute("NOTIFY arxos_due")


@contextmanager
def by_index(connection: Connection) -> Iterator[None]:
    """For statements that follow edges step by step, maybe ten thousand times.

    Where most edges lead to or from few jobs, the planner would take any step for one through the whole table.
    """
    connection.execute("SET LOCAL enable_seqscan = off")
    yield
    connection.execute("RESET enable_seqscan")


def _any_waiting(connection: Connection, ids: Iterable[UUID]) -> bool:
    row = connection.execute(ANY_WAITING, [list(ids)]).fetchone()
    return bool(row and row[0])


def _cancel(connection: Connection, failed: Sequence[UUID], final: Mapping[UUID, JobState]) -> list[UUID]:
    """Cancel whom their failure cancels. Found by a statement after the lock: only now nobody else changes them."""
    with by_index(connection):
        connection.execute(LOCK, {"failed": failed, "final": list(final)})
        doomed: dict[UUID, UUID] = dict(connection.execute(FIND_DOOMED, {"failed": failed}).fetchall())
    reasons = [reason(before, final.get(before, JobState.CANCELLED)) for before in doomed.values()]
    connection.execute(CANCEL, [list(doomed), reasons])
    return list(doomed)


def reason(before: UUID, state: JobState) -> str:
    """Why a job was cancelled that waited for another."""
    return f"job {before} that it waits for is {state}"
