"""What the relay asks of the ledger: which due jobs to publish, and which to publish again."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from arxos.domain.jobs.envelopes import Envelope
from arxos.storage import turns
from arxos.storage.database import Database
from arxos.storage.granting import publish
from arxos.storage.turns import Lane, Place

LANES = 1000  # looked at in one step; where there are more, each step goes on behind the last


# One relay at a time hands out places: while it counts nobody else may publish. Who stalls here loses its session.
ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(4027432)"
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


@dataclass(slots=True)
class Outbox:
    """Due jobs on their way into messages. Any number of relays may share them, one by one."""

    database: Database
    _after: Place = field(default_factory=Place)

    def lanes(self, queues: Sequence[str]) -> dict[str, list[Lane]]:
        """By queue that is not paused: whose jobs are due or held there. Beyond 1,000 the next call tells of more."""
        with self.database.connection() as connection:
            found, self._after = turns.lanes(connection, self._after, LANES)
        by_queue: defaultdict[str, list[Lane]] = defaultdict(list)
        for lane in found:
            if lane.queue in queues:
                by_queue[lane.queue].append(lane)
        return by_queue

    def take(self, queue: str, room: int, lanes: Sequence[Lane]) -> list[Envelope]:
        """At most `room` envelopes of those jobs of the lanes whose turn it is, marked as published.

        None while another relay takes. What a limit has no room for is held, and left alone until it has.
        Marked and committed before anything is sent: were it the other way round, a quick worker would find the row
        still locked here and drop the message.
        """
        with self.database.connection() as connection:
            if connection.execute(ONE_AT_A_TIME).fetchone() != (True,):
                return []
            envelopes = publish(connection, queue, room, lanes)
            connection.execute("SET LOCAL synchronous_commit = off")  # a lost mark only means: published again
            connection.commit()
            return envelopes

    def put_back(self, envelopes: Sequence[Envelope]) -> None:
        """These could not be sent."""
        self.due_again([job_id for envelope in envelopes for job_id in envelope.jobs])

    def due_again(self, jobs: Sequence[UUID]) -> None:
        """No message names these any more: those that nobody has claimed are due anew."""
        with self.database.connection() as connection:
            connection.execute(UNMARK, [list(jobs)])
            connection.execute("NOTIFY arxos_due")
            connection.commit()

    def overdue(self, queues: Sequence[str], after_s: float) -> list[str]:
        """Those of the queues that have jobs published more than `after_s` seconds ago and still unclaimed."""
        with self.database.connection() as connection:
            return [row[0] for row in connection.execute(OVERDUE, [list(queues), after_s])]

    def publish_again(self, queue: str, after_s: float, waiting: Collection[UUID]) -> int:
        """The queue's overdue jobs are due anew, except those whose message is still `waiting`. How many."""
        with self.database.connection() as connection:
            again = connection.execute(UNMARK_OVERDUE, [queue, after_s, list(waiting)]).rowcount
            connection.commit()
            return again
