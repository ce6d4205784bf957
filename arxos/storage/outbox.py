"""What the relay asks of the ledger: which due jobs to publish, and which to publish again."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from arxos.storage.database import Database

DUE_QUEUES = """
SELECT queue FROM unnest(%s::text[]) AS q (queue)
WHERE queue NOT IN (SELECT p.queue FROM queue_pauses p) AND EXISTS (
    SELECT FROM jobs WHERE jobs.queue = q.queue AND state IN ('queued', 'retryable') AND published_at IS NULL
        AND available_at <= clock_timestamp())
"""
DUE = """
SELECT id, kind, batch, trace FROM jobs
WHERE queue = %s AND state IN ('queued', 'retryable') AND published_at IS NULL AND available_at <= clock_timestamp()
ORDER BY priority DESC, available_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""
MARK = "UPDATE jobs SET published_at = clock_timestamp() WHERE id = ANY(%s)"
# Rows are locked in order of their ids, as claims lock them: neither can wait for the other in a circle.
UNMARK = """
WITH back AS (
    SELECT id FROM jobs WHERE id = ANY(%s) AND state IN ('queued', 'retryable') ORDER BY id FOR UPDATE)
UPDATE jobs SET published_at = NULL FROM back WHERE jobs.id = back.id
"""
OVERDUE = """
SELECT queue FROM unnest(%s::text[]) AS q (queue) WHERE EXISTS (
    SELECT FROM jobs WHERE jobs.queue = q.queue AND state IN ('queued', 'retryable')
        AND published_at < clock_timestamp() - make_interval(secs => %s))
"""
UNMARK_OVERDUE = """
WITH gone AS (
    SELECT id FROM jobs WHERE queue = %s AND state IN ('queued', 'retryable')
        AND published_at < clock_timestamp() - make_interval(secs => %s)
        AND NOT EXISTS (SELECT FROM unnest(%s::uuid[]) AS waiting (id) WHERE waiting.id = jobs.id)
    ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED)
UPDATE jobs SET published_at = NULL FROM gone WHERE jobs.id = gone.id
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A due job, as little of it as publishing needs."""

    id: UUID
    kind: str
    batch: int
    trace: str | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What one message will carry: jobs of one kind."""

    kind: str
    queue: str
    jobs: tuple[UUID, ...]
    trace: str | None


class Outbox:
    """Due jobs on their way into messages. Any number of relays may share them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due_queues(self, queues: Sequence[str]) -> list[str]:
        """Those of the queues that have due, unpublished jobs and are not paused."""
        with self._database.connection() as connection:
            return [row[0] for row in connection.execute(DUE_QUEUES, [list(queues)])]

    def take(self, queue: str, room: int, look_ahead: int) -> list[Envelope]:
        """At most `room` envelopes of the queue's next due jobs, marked as published.

        Marked and committed before anything is sent: were it the other way round, a quick worker would find the row
        still locked here and drop the message.
        """
        with self._database.connection() as connection:
            due = [Due(*row) for row in connection.execute(DUE, [queue, look_ahead])]
            envelopes = list(pack(queue, due, room))
            if envelopes:
                connection.execute("SET LOCAL synchronous_commit = off")  # a lost mark only means: published again
                connection.execute(MARK, [[job_id for envelope in envelopes for job_id in envelope.jobs]])
                connection.commit()
            return envelopes

    def put_back(self, envelopes: Sequence[Envelope]) -> None:
        """These could not be sent."""
        self.due_again([job_id for envelope in envelopes for job_id in envelope.jobs])

    def due_again(self, jobs: Sequence[UUID]) -> None:
        """No message names these any more: those that nobody has claimed are due anew."""
        with self._database.connection() as connection:
            connection.execute(UNMARK, [list(jobs)])
            connection.execute("NOTIFY arxos_due")
            connection.commit()

    def overdue(self, queues: Sequence[str], after_s: float) -> list[str]:
        """Those of the queues that have jobs published more than `after_s` seconds ago and still unclaimed."""
        with self._database.connection() as connection:
            return [row[0] for row in connection.execute(OVERDUE, [list(queues), after_s])]

    def publish_again(self, queue: str, after_s: float, waiting: Collection[UUID]) -> int:
        """The queue's overdue jobs are due anew, except those whose message is still `waiting`. How many."""
        with self._database.connection() as connection:
            again = connection.execute(UNMARK_OVERDUE, [queue, after_s, list(waiting)]).rowcount
            connection.commit()
            return again


def pack(queue: str, due: Sequence[Due], room: int) -> Iterator[Envelope]:
    """Jobs into at most `room` envelopes, in order; light kinds share one, fuller the more of them are due.

    With room for 8 and 80 due jobs of a kind that allows 200 in a message: 8 envelopes of 10.
    """
    left = list(due)
    while left and room > 0:
        first = left[0]
        fair = -(-len(left) // room)
        size = max(1, min(first.batch, fair))
        mates = [job for job in left if (job.kind, job.batch) == (first.kind, first.batch)][:size]
        taken = {job.id for job in mates}
        left = [job for job in left if job.id not in taken]
        room -= 1
        yield Envelope(first.kind, queue, tuple(job.id for job in mates), first.trace)
