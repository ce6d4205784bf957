"""Which of the due jobs get a place in a message now, and are marked as published; what has no room is held."""

from collections.abc import Sequence
from dataclasses import replace

from arxos.domain.jobs.envelopes import Envelope, pack
from arxos.domain.jobs.limits import Room, groups_of
from arxos.domain.jobs.turns import Candidate, in_turn
from arxos.storage import limits, turns
from arxos.storage.database import Connection
from arxos.storage.limits import Standing
from arxos.storage.turns import Lane

LOOK_AHEAD = 200  # jobs looked at per message that fits: as many as the lightest kinds put into one
FEW = 2  # and where each job travels alone, and none is limited

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


def publish(connection: Connection, queue: str, room: int, lanes: Sequence[Lane]) -> list[Envelope]:
    """At most `room` envelopes of a queue's lanes, their jobs marked. Nobody else may publish until commit."""
    standing = limits.standing(connection)
    left = limits.room(connection, standing) if any(lane.held for lane in lanes) else None
    candidates = _candidates(connection, queue, lanes, room, left, standing)
    if left is None and _concerned(queue, candidates, standing):
        left = limits.room(connection, standing)
    granted = candidates if left is None else _grant(connection, queue, candidates, left)
    envelopes = _mark(connection, list(pack(queue, granted, room)))
    if left is not None:
        _spend(connection, envelopes, left)
    return envelopes


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
