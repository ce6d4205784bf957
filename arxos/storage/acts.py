"""Recording what operators do."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from arxos.domain.jobs.operator import Operator
from arxos.storage.database import Connection

# From where: as whoever acts says, else this process and its address: ``arxos-cli@10.0.0.7``.
RECORD = """
INSERT INTO operator_actions (actor, action, job_id, reason, details, source) VALUES (%s, %s, %s, %s, %s, coalesce(
    %s, current_setting('application_name') || '@' || coalesce(host(inet_client_addr()), 'local')))
"""


def record(connection: Connection, by: Operator, action: str, job_id: UUID | None = None, **details: Any) -> None:
    """Within the transaction of the act itself. `details`: what it was about, as JSON."""
    connection.execute(RECORD, [by.name, action, job_id, by.reason, Jsonb(details), by.source])
