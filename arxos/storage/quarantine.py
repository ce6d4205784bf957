"""What arrived on a queue and was no message of the relay's."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from arxos.storage.database import Database

KEPT = 10_000  # the latest ones: a flood of rubbish fills no disk

# Who names a kind that we do not know, and jobs of it that the ledger does, is the relay of a newer version.
ADD = """
INSERT INTO quarantine (queue, task, message_id, reason, size_bytes, excerpt)
SELECT %(queue)s, %(task)s, %(message_id)s, %(reason)s, %(size_bytes)s, %(excerpt)s
WHERE NOT EXISTS (SELECT FROM jobs WHERE id = ANY(%(unless)s) AND kind = %(task)s)
"""
FORGET = "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - %s"
FIND = """
SELECT id, received_at, queue, task, message_id, reason, size_bytes, excerpt FROM quarantine
WHERE (%(queue)s::text IS NULL OR queue = %(queue)s) AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
    AND (%(reason)s::text IS NULL OR strpos(lower(reason), lower(%(reason)s)) > 0)
    AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused message. `excerpt`: of its shape, never of its contents."""

    queue: str
    reason: str
    size_bytes: int
    task: str | None = None
    message_id: str | None = None
    excerpt: str | None = None
    unless: tuple[UUID, ...] = ()  # it is not refused if the ledger knows any of these as a job of the kind `task`


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """Which of them; None: any. `reason`: a part of it, in any case."""

    queue: str | None = None
    reason: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One row."""

    id: int
    received_at: datetime
    queue: str | None
    task: str | None
    message_id: str | None
    reason: str
    size_bytes: int | None
    excerpt: str | None


@dataclass(frozen=True, slots=True)
class QuarantineTable:
    """The rows. Every method raises UnavailableError."""

    database: Database

    def add(self, refused: Sequence[Refused]) -> list[bool]:
        """Record these; says of each whether it was refused. The oldest rows beyond `KEPT` are forgotten."""
        with self.database.connection() as connection:
            connection.execute("SET LOCAL synchronous_commit = off")
            added = [connection.execute(ADD, _row(one)).rowcount == 1 for one in refused]
            if any(added):
                connection.execute(FORGET, [KEPT])
            connection.commit()
        return added

    def find(self, which: QuarantineFilter, limit: int, before: int | None = None) -> list[Quarantined]:
        """The last ones first, those before the one of this id."""
        values = asdict(which) | {"limit": limit, "before": before}
        with self.database.connection() as connection:
            return [Quarantined(*row) for row in connection.execute(FIND, values)]


def _row(one: Refused) -> dict[str, object]:
    return asdict(one) | {"unless": list(one.unless)}
