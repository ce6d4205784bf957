"""The snapshot behind `why`: one job and its surroundings, read in one transaction."""

from uuid import UUID

from arxos.domain.jobs.explain import Snapshot
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.relay import complaint
from arxos.storage import ledger_read
from arxos.storage.database import Connection
from arxos.storage.services import relay_state

WAITING = (JobState.QUEUED, JobState.RETRYABLE)

SURROUNDINGS = """
SELECT clock_timestamp(),
    (SELECT count(*) FROM jobs ahead WHERE ahead.queue = job.queue AND ahead.state IN ('queued', 'retryable')
        AND ahead.available_at <= clock_timestamp()
        AND (-ahead.priority, ahead.available_at, ahead.id) < (-job.priority, job.available_at, job.id)),
    (SELECT count(*) FROM workers WHERE job.queue = ANY(queues)
        AND heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s)),
    (SELECT paused_by FROM queue_pauses WHERE queue_pauses.queue = job.queue),
    (SELECT extract(epoch FROM clock_timestamp() - heartbeat_at)::float FROM workers WHERE workers.id = job.worker)
FROM jobs job WHERE id = %(id)s
"""
WAITS_FOR = """
SELECT jobs.id, jobs.state FROM job_edges JOIN jobs ON jobs.id = after_id
WHERE job_id = %s AND NOT released ORDER BY jobs.id LIMIT 100
"""


def snapshot(connection: Connection, job_id: UUID, lease_s: float) -> Snapshot:
    """The job's surroundings now. Raises NotFoundError."""
    job = ledger_read.get(connection, job_id)
    row = connection.execute(SURROUNDINGS, {"id": job_id, "lease_s": lease_s}).fetchone()
    now, due_ahead, consumers, paused_by, silent = row or (job.created_at, 0, 0, None, None)
    waits_for = [(other, JobState(state)) for other, state in connection.execute(WAITS_FOR, [job_id])]
    relay = complaint(relay_state(connection, lease_s)) if job.state in WAITING else None
    return Snapshot(now, job, due_ahead, consumers, paused_by, silent, tuple(waits_for), relay)
