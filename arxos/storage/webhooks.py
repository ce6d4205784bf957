"""`Webhooks` on PostgreSQL."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.webhooks import Ending, Webhook
from arxos.storage.database import Connection

COLUMNS = "id, url, owner, description, created_at, disabled_at, disabled_by"
LIST = f"""
SELECT {COLUMNS} FROM webhooks
WHERE (%(owner)s::text IS NULL OR owner = %(owner)s) AND (%(before)s::uuid IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s
"""
TAKE = """
DELETE FROM webhook_outbox WHERE id IN (SELECT id FROM webhook_outbox ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, webhook_id, job_id, state, at
"""


class PostgresWebhooks:
    """On one open connection, in the transaction of whoever holds that."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> Webhook:
        values = [webhook.id, webhook.url, webhook.owner, webhook.description]
        statement = f"INSERT INTO webhooks (id, url, owner, description) VALUES (%s, %s, %s, %s) RETURNING {COLUMNS}"
        with self._connection.cursor(row_factory=class_row(Webhook)) as cursor:
            return cursor.execute(statement, values).fetchall()[0]

    def get(self, webhook_id: UUID) -> Webhook:
        with self._connection.cursor(row_factory=class_row(Webhook)) as cursor:
            found = cursor.execute(f"SELECT {COLUMNS} FROM webhooks WHERE id = %s", [webhook_id]).fetchone()
        if found is None:
            raise NotFoundError(f"no webhook '{webhook_id}'")
        return found

    def list(self, *, owner: str | None = None, before: UUID | None = None, limit: int = 50) -> Sequence[Webhook]:
        with self._connection.cursor(row_factory=class_row(Webhook)) as cursor:
            return cursor.execute(LIST, {"owner": owner, "before": before, "limit": limit}).fetchall()

    def disable(self, webhook_id: UUID, by: str) -> None:
        statement = """
            UPDATE webhooks SET disabled_at = clock_timestamp(), disabled_by = %s
            WHERE id = %s AND disabled_at IS NULL"""
        self._connection.execute(statement, [by, webhook_id])

    def remove(self, webhook_id: UUID) -> None:
        if self._connection.execute("DELETE FROM webhooks WHERE id = %s", [webhook_id]).rowcount == 0:
            raise NotFoundError(f"no webhook '{webhook_id}'")

    def take(self, limit: int) -> Sequence[Ending]:
        with self._connection.cursor(row_factory=class_row(Ending)) as cursor:
            return sorted(cursor.execute(TAKE, [limit]).fetchall(), key=lambda ending: ending.id)
