"""Whether what the relay publishes reaches the workers: asked by health, `why` and the doctor."""

from arxos.domain.jobs.untaken import Untaken
from arxos.storage.database import Connection

TRANSIT_S = 2.0  # a message is taken within milliseconds; what was published just now is no sign
GRACE_S = 5.0  # beyond the time after which the relay publishes what was lost once more

# Few rows: those that are published and not claimed have an index of their own. Attempts that have ended of late are
# looked for where all else speaks for the suspicion.
UNTAKEN = """
WITH waiting AS (
    SELECT queue, count(*) AS jobs, extract(epoch FROM clock_timestamp() - min(available_at))::float AS oldest_s
    FROM jobs
    WHERE state IN ('queued', 'retryable') AND published_at < clock_timestamp() - make_interval(secs => %(transit_s)s)
        AND available_at < clock_timestamp() - make_interval(secs => %(patience_s)s)
        AND queue NOT IN (SELECT queue FROM queue_pauses) AND kind NOT IN (SELECT kind FROM kind_pauses)
    GROUP BY queue),
living AS (
    SELECT id, queues, coalesce(slots, 1) AS slots,
        (SELECT count(*) FROM jobs WHERE state = 'running' AND jobs.worker = workers.id) AS running
    FROM workers
    WHERE heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s)
        AND started_at < clock_timestamp() - make_interval(secs => %(patience_s)s) AND drain_requested_at IS NULL),
suspected AS (
    SELECT queue, jobs, oldest_s, array(
        SELECT id FROM living WHERE waiting.queue = ANY(living.queues) AND running < slots ORDER BY id) AS idle
    FROM waiting)
SELECT queue, jobs, oldest_s, idle FROM suspected
WHERE idle <> '{}'
    AND NOT EXISTS (
        SELECT FROM jobs WHERE state = 'running' AND jobs.queue = suspected.queue
            AND (started_at > clock_timestamp() - make_interval(secs => %(patience_s)s)
                OR worker IN (SELECT id FROM living)))
    AND NOT EXISTS (
        SELECT FROM attempts JOIN jobs ON jobs.id = attempts.job_id
        WHERE attempts.finished_at > clock_timestamp() - make_interval(secs => %(patience_s)s)
            AND jobs.queue = suspected.queue)
ORDER BY queue
"""


def untaken(connection: Connection, lease_s: float, republish_s: float) -> tuple[Untaken, ...]:
    """By queue; empty where all is well, and where workers are missing or busy, which others tell of."""
    values = {"lease_s": lease_s, "patience_s": republish_s + GRACE_S, "transit_s": TRANSIT_S}
    rows = connection.execute(UNTAKEN, values)
    return tuple(Untaken(queue, jobs, oldest_s, tuple(idle)) for queue, jobs, oldest_s, idle in rows)
