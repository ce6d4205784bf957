"""How much is due in each queue: counted by the relay, read by whoever submits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from arxos.domain.jobs.backlog import Backlog
from arxos.storage.database import Connection, Database

EXACT_BELOW = 10_000  # a limit up to which submitting counts by itself: a millisecond or two
STALE_S = 15.0  # after which the relay's count is no longer believed
FINISHED_WITHIN_S = 10.0

# Three partial indexes, one for each of these.
DUE: LiteralString = """
    SELECT queue FROM jobs WHERE state IN ('queued', 'retryable') AND available_at <= statement_timestamp()
        AND published_at IS NULL AND held = '' AND queue = ANY(%(queues)s)
    UNION ALL SELECT queue FROM jobs WHERE state IN ('queued', 'retryable') AND available_at <= statement_timestamp()
        AND published_at IS NULL AND held <> '' AND queue = ANY(%(queues)s)
    UNION ALL SELECT queue FROM jobs WHERE state IN ('queued', 'retryable') AND published_at IS NOT NULL
        AND queue = ANY(%(queues)s)
"""
MEASURE = f"""
INSERT INTO backlogs (queue, due, per_s)
SELECT q.queue, coalesce(waiting.n, 0), coalesce(finished.n, 0) / %(within_s)s FROM unnest(%(queues)s::text[]) q (queue)
LEFT JOIN (SELECT queue, count(*) AS n FROM ({DUE}) due GROUP BY queue) waiting USING (queue)
LEFT JOIN (SELECT queue, count(*) AS n FROM jobs WHERE state IN ('succeeded', 'cancelled')
    AND finished_at > statement_timestamp() - make_interval(secs => %(within_s)s) GROUP BY queue) finished USING (queue)
ON CONFLICT (queue) DO UPDATE SET due = excluded.due, per_s = excluded.per_s, measured_at = clock_timestamp()
"""
READ = """
SELECT queue, due, per_s FROM backlogs
WHERE queue = ANY(%s) AND measured_at > clock_timestamp() - make_interval(secs => %s)
"""
COUNT = f"SELECT count(*) FROM ({DUE} LIMIT %(limit)s) due"


def backlogs(connection: Connection, queues: Sequence[str], limit: int) -> list[Backlog]:
    """What is due in each of the queues; a count that nobody needs to know exactly ends at `limit`."""
    known = {row[0]: Backlog(*row) for row in connection.execute(READ, [list(queues), STALE_S])}
    return [
        _counted(connection, queue, limit, known.get(queue))
        if limit <= EXACT_BELOW or queue not in known
        else known[queue]
        for queue in queues
    ]


def _counted(connection: Connection, queue: str, limit: int, known: Backlog | None) -> Backlog:
    row = connection.execute(COUNT, {"queues": [queue], "limit": limit}).fetchone()
    return Backlog(queue, row[0] if row else 0, known.per_s if known else 0.0)


@dataclass(frozen=True, slots=True)
class Backlogs:
    """The relay's counts."""

    database: Database

    def measure(self, queues: Sequence[str]) -> None:
        """Count now. Raises UnavailableError."""
        with self.database.connection() as connection:
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute(MEASURE, {"queues": list(queues), "within_s": FINISHED_WITHIN_S})
            connection.commit()
