"""Parking: jobs that are too new for the worker they were delivered to become due again later."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from arxos.domain.jobs.job import Capability
from arxos.storage.database import Connection
from arxos.storage.job_rows import as_int

AT_MOST = 20_000  # jobs that one delivery parks

READABLE: LiteralString = f"""EXISTS (
    SELECT FROM workers WHERE jobs.queue = ANY(queues) AND {as_int("contracts->>jobs.kind")} >= jobs.contract
        AND heartbeat_at > clock_timestamp() - interval '30s')"""

# Where nobody can read a job, its wait grows with its age and is spread: thousands of such jobs come back a few at a
# time, behind who waits already, and a deploy of one minute is noticed within one more. Where somebody can, the next
# delivery may well be theirs.
PARK: LiteralString = """
WITH due AS (
    SELECT id, {readable} AS elsewhere FROM jobs
    WHERE {which} AND kind = %(kind)s AND contract > %(contract)s
        AND state IN ('queued', 'retryable') AND available_at <= clock_timestamp()
    ORDER BY id LIMIT %(at_most)s FOR UPDATE SKIP LOCKED)
UPDATE jobs SET published_at = NULL, progress_note = %(note)s,
    available_at = clock_timestamp() + (0.5 + random() / 2)
        * CASE WHEN elsewhere THEN interval '1s'
            ELSE least(greatest(clock_timestamp() - greatest(created_at, 'epoch'), '5s'), '2min') END
FROM due WHERE jobs.id = due.id RETURNING jobs.id, queue, elsewhere
"""
NAMED: LiteralString = "id = ANY(%(ids)s)"
ALIKE: LiteralString = "queue = ANY(%(queues)s) AND published_at IS NULL AND NOT " + READABLE


def park(connection: Connection, ids: Sequence[UUID], able: Capability) -> list[UUID]:
    """Park these; where nobody alive can read them all others like them, too: each delivery would only tell the same.

    Returns what was parked.
    """
    rows = _park(connection, NAMED, able, ids=list(ids))
    queues = {queue for _, queue, elsewhere in rows if not elsewhere}
    if queues:
        rows += _park(connection, ALIKE, able, queues=list(queues))
    return [job_id for job_id, _, _ in rows]


def _park(connection: Connection, which: LiteralString, able: Capability, **values: Any) -> list[Any]:
    of = {"kind": able.kind, "contract": able.contract, "note": able.lacking, "at_most": AT_MOST}
    return connection.execute(PARK.format(which=which, readable=READABLE), of | values).fetchall()
