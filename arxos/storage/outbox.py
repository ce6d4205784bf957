"""What the relay asks of the ledger: which due jobs to publish, and which to publish again."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from arxos.domain.jobs.limits import Room, groups_of
from arxos.domain.jobs.turns import Candidate, in_turn
from arxos.storage import limits, turns
from arxos.storage.database import Connection, Database
from arxos.storage.limits import Standing
from arxos.storage.turns import Lane, Place

LANES = 1000  # looked at in one step; where there are more, each step goes on behind the last
LOOK_AHEAD = 200  # jobs looked at per message that fits: as many as the lightest kinds put into one
FEW = 2  # and where each job travels alone, and none is limited

# One relay at a time hands out places: while it counts nobody else may publish. Who stalls here loses its session.
ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(4027432)"
# Rows are locked in order of their ids, as claims lock them: neither can wait for the other in a circle.
MARK = """
WITH free AS (
    SELECT id FROM jobs WHERE id = ANY(%s) AND state IN ('queued', 'retryable') AND published_at IS NULL
    ORDER BY id FOR UPDATE SKIP LOCKED)
UPDATE jobs SET published_at = clock_timestamp(), held = '' FROM free WHERE jobs.id = free.id RETURNING jobs.id
"""
HOLD = """
WITH free AS (
    SELECT jobs.id, full_group FROM unnest(%s::uuid[], %s::text[]) AS new (id, full_group) JOIN jobs USING (id)
    WHERE state IN ('queued', 'retryable') AND published_at IS NULL ORDER BY jobs.id FOR UPDATE OF jobs SKIP LOCKED)
UPDATE jobs SET held = full_group FROM free WHERE jobs.id = free.id
"""
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
class Envelope:
    """What one message will carry: jobs of one kind."""

    kind: str
    queue: str
    jobs: tuple[UUID, ...]
    trace: str | None


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
            standing = limits.standing(connection)
            left = limits.room(connection, standing) if any(lane.held for lane in lanes) else None
            candidates = _candidates(connection, queue, lanes, room, left, standing)
            if left is None and _concerned(queue, candidates, standing):
                left = limits.room(connection, standing)
            granted = candidates if left is None else _grant(connection, queue, candidates, left)
            envelopes = _mark(connection, list(pack(queue, granted, room)))
            if left is not None:
                _spend(connection, envelopes, left)
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


def _candidates(
    connection: Connection, queue: str, lanes: Sequence[Lane], room: int, left: Room | None, standing: Standing
) -> list[Candidate]:
    """The next jobs in their order; none of those that are held by what still has no room."""
    few = _next(connection, queue, lanes, room * FEW, left)
    alone = all(one.batch == 1 for one in few) and not _concerned(queue, few, standing)
    if alone or len(few) == 1:  # more will not fit, or there are hardly any
        return few
    return _next(connection, queue, lanes, room * LOOK_AHEAD, left)


def _concerned(queue: str, candidates: Sequence[Candidate], standing: Standing) -> bool:
    """Whether there is a limit on one of the candidates."""
    return any(groups_of(kind, queue, {}, standing.groups) for kind in {one.kind for one in candidates})


def _next(connection: Connection, queue: str, lanes: Sequence[Lane], most: int, left: Room | None) -> list[Candidate]:
    each = -(-most // max(1, len(lanes)))
    of_lane = {lane: each if left is None or not lane.held else int(min(each, left.left(lane.held))) for lane in lanes}
    open_lanes = {lane: n for lane, n in of_lane.items() if n > 0}
    found = turns.first_of(connection, queue, open_lanes)
    return in_turn(found, turns.shares(connection, queue, (lane.submitter for lane in open_lanes)))[:most]


def _grant(connection: Connection, queue: str, candidates: Sequence[Candidate], left: Room) -> list[Candidate]:
    """Those that get a place in all groups in which they need one; the others are held by a group that is full."""
    limited = left.limits.keys() | left.paused
    keyed = [one.id for one in candidates if groups_of(one.kind, queue, {}, limited)]
    keys = limits.keys_of(connection, keyed) if keyed else {}
    granted, held = [], {}
    for one in candidates:
        full = left.take(groups_of(one.kind, queue, keys.get(one.id, {}), limited))
        if full is None:
            granted.append(one)
        elif full != one.held:
            held[one.id] = full
    if held:
        connection.execute(HOLD, [list(held), list(held.values())])
    return granted


def _mark(connection: Connection, envelopes: Sequence[Envelope]) -> list[Envelope]:
    """Publish what nobody has cancelled or taken meanwhile."""
    if not envelopes:
        return []
    ids = [job_id for envelope in envelopes for job_id in envelope.jobs]
    marked = {row[0] for row in connection.execute(MARK, [ids])}
    kept = (replace(one, jobs=tuple(job_id for job_id in one.jobs if job_id in marked)) for one in envelopes)
    return [one for one in kept if one.jobs]


def _spend(connection: Connection, envelopes: Sequence[Envelope], left: Room) -> None:
    """Every rate's bucket is looked at in each turn, also where nothing was published: its time goes on."""
    for limit in left.limits.values():
        if limit.allowed.rate is not None:
            groups = [(groups_of(one.kind, one.queue, {}, [limit.group]), len(one.jobs)) for one in envelopes]
            limits.spend(connection, limit, left.spent(limit, sum(jobs for group, jobs in groups if group)))


def pack(queue: str, due: Sequence[Candidate], room: int) -> Iterator[Envelope]:
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
