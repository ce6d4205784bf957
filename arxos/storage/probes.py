"""`probe_effects` on PostgreSQL: effects of a transaction are collected and written by one statement."""

from uuid import UUID

from arxos.storage.database import Connection

INSERT = "INSERT INTO probe_effects (job_id, attempt, key) SELECT * FROM unnest(%s::uuid[], %s::int[], %s::text[])"


class PostgresProbeEffects:
    """Effects within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[UUID, int, str]] = []

    def add(self, job_id: UUID, attempt: int, key: str) -> None:
        """One effect, written by `flush`."""
        self._rows.append((job_id, attempt, key))

    def flush(self) -> None:
        """Write what was added."""
        if self._rows:
            self._connection.execute(INSERT, [list(column) for column in zip(*self._rows, strict=True)])
            self._rows.clear()

    def forget(self) -> None:
        """Drop what was added."""
        self._rows.clear()
