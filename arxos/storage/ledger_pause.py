"""Pausing: nothing more starts of a queue or a kind, until it is resumed."""

from typing import LiteralString

from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.operator import Operator
from arxos.storage.database import Connection

PAUSE: dict[Scope, LiteralString] = {
    Scope.QUEUE: "INSERT INTO queue_pauses (queue, paused_by, reason) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
    Scope.KIND: "INSERT INTO kind_pauses (kind, paused_by, reason) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
}
RESUME: dict[Scope, LiteralString] = {
    Scope.QUEUE: "DELETE FROM queue_pauses WHERE queue = %s",
    Scope.KIND: "DELETE FROM kind_pauses WHERE kind = %s",
}
# What was published before a pause, or before a limit was set, has to ask anew.
ASK_ANEW = """
WITH published AS (
    SELECT id FROM jobs WHERE state IN ('queued', 'retryable') AND published_at IS NOT NULL
        AND CASE %(scope)s WHEN 'kind' THEN kind ELSE queue END = %(name)s ORDER BY id FOR UPDATE)
UPDATE jobs SET published_at = NULL FROM published WHERE jobs.id = published.id
"""


def pause(connection: Connection, scope: Scope, name: str, by: Operator) -> None:
    """Who paused it first stays named."""
    connection.execute(PAUSE[scope], [name, by.name, by.reason])


def resume(connection: Connection, scope: Scope, name: str) -> None:
    """Messages of before the pause may have claimed nothing during it, so all are published again."""
    connection.execute(RESUME[scope], [name])
    ask_anew(connection, scope, name)


def ask_anew(connection: Connection, scope: Scope, name: str) -> None:
    """Whatever is published and not claimed is due again, and no message of before claims it under a limit."""
    connection.execute(ASK_ANEW, {"scope": scope, "name": name})
