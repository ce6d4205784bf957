"""What operators do to workers."""

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.operator import Operator
from arxos.storage.database import Connection

DRAIN = """
WITH asked AS (
    UPDATE workers SET drain_requested_at = clock_timestamp(), drain_requested_by = %(actor)s
    WHERE id = %(worker)s AND drain_requested_at IS NULL RETURNING id)
INSERT INTO operator_actions (actor, action, reason, source, details)
SELECT %(actor)s, 'drain_worker', %(reason)s, coalesce(%(source)s, current_setting('application_name')),
    jsonb_build_object('worker', id) FROM asked
"""


def drain(connection: Connection, worker: str, by: Operator) -> None:
    """See `Desk.drain`."""
    if connection.execute("SELECT FROM workers WHERE id = %s FOR UPDATE", [worker]).fetchone() is None:
        raise NotFoundError(f"no worker {worker!r}")
    values = {"worker": worker, "actor": by.name, "reason": by.reason, "source": by.source}
    connection.execute(DRAIN, values)
