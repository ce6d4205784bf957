"""Reading what is due, so that neither a long backlog nor one that may not start yet costs more than a short one.

A lane is a submitter's jobs in a queue, or in the part of a queue that a limit holds. Lanes are found by stepping from
one to the next through an index; of each only the first jobs are read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import LiteralString

from arxos.domain.jobs.turns import SECONDS_PER_PRIORITY, Candidate, Share
from arxos.storage.database import Connection

WAITING: LiteralString = "state IN ('queued', 'retryable') AND published_at IS NULL"
SUBMITTER: LiteralString = "coalesce(submitted_by, '')"
# These words are an index's, too: 0007_desk.py.
TURN: LiteralString = "(date_part('epoch', available_at AT TIME ZONE 'UTC') - 10 * priority)"
# A job that is due has had its turn, or has it within the time that the lowest priority is worth: the index need not
# be read beyond, however many jobs are due tomorrow.
DUE: LiteralString = f"""available_at <= statement_timestamp()
    AND {TURN} <= date_part('epoch', statement_timestamp() AT TIME ZONE 'UTC') + {100 * SECONDS_PER_PRIORITY}"""

UNPAUSED: LiteralString = "queue NOT IN (SELECT queue FROM queue_pauses)"
LANES = f"""
WITH RECURSIVE lanes (queue, submitter) AS (
    (SELECT queue, {SUBMITTER} FROM jobs WHERE {WAITING} AND held = ''
        AND (queue, {SUBMITTER}) > (%(queue)s, %(submitter)s) ORDER BY 1, 2 LIMIT 1)
    UNION ALL
    SELECT following.* FROM lanes CROSS JOIN LATERAL (
        SELECT queue, {SUBMITTER} FROM jobs WHERE {WAITING} AND held = ''
            AND (queue, {SUBMITTER}) > (lanes.queue, lanes.submitter) ORDER BY 1, 2 LIMIT 1) following),
held_lanes (held, queue, submitter) AS (
    (SELECT held, queue, {SUBMITTER} FROM jobs WHERE {WAITING} AND held <> ''
        AND (held, queue, {SUBMITTER}) > (%(held)s, %(held_queue)s, %(held_submitter)s) ORDER BY 1, 2, 3 LIMIT 1)
    UNION ALL
    SELECT following.* FROM held_lanes CROSS JOIN LATERAL (
        SELECT held, queue, {SUBMITTER} FROM jobs WHERE {WAITING} AND held <> ''
            AND (held, queue, {SUBMITTER}) > (held_lanes.held, held_lanes.queue, held_lanes.submitter)
        ORDER BY 1, 2, 3 LIMIT 1) following)
(SELECT '', queue, submitter, {UNPAUSED} AND (
    SELECT true FROM jobs WHERE {WAITING} AND held = '' AND jobs.queue = lanes.queue AND {SUBMITTER} = lanes.submitter
        AND {DUE} ORDER BY {TURN}, available_at, id LIMIT 1) IS NOT NULL
FROM lanes LIMIT %(limit)s)
UNION ALL
(SELECT held, queue, submitter, {UNPAUSED} FROM held_lanes LIMIT %(limit)s)
"""
FIRST: LiteralString = f"""
SELECT first.* FROM unnest(%(held)s::text[], %(submitters)s::text[], %(most)s::int[]) AS lane (held, submitter, most)
CROSS JOIN LATERAL (
    SELECT id, kind, batch, trace, {SUBMITTER}, {TURN}::float8, jobs.held FROM jobs
    WHERE {WAITING} AND queue = %(queue)s AND {{lane}} AND {SUBMITTER} = lane.submitter AND {DUE}
    ORDER BY {TURN}, available_at, id LIMIT lane.most) first
"""
OF_DUE: LiteralString = "jobs.held = ''"
OF_HELD: LiteralString = "jobs.held <> '' AND jobs.held = lane.held"

SHARES = f"""
SELECT submitter, load, coalesce(weight, 1) FROM unnest(%(submitters)s::text[]) AS s (submitter)
LEFT JOIN (SELECT {SUBMITTER} AS submitter, count(*) AS load FROM (
    SELECT submitted_by FROM jobs WHERE queue = %(queue)s AND state = 'running'
    UNION ALL SELECT submitted_by FROM jobs
        WHERE queue = %(queue)s AND state IN ('queued', 'retryable') AND published_at IS NOT NULL) flight
    GROUP BY 1) loads USING (submitter)
LEFT JOIN shares USING (submitter)
"""


@dataclass(frozen=True, slots=True, order=True)
class Lane:
    """One submitter's waiting jobs in a queue. `held`: the limit that holds them; '': none."""

    held: str = ""
    queue: str = ""
    submitter: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on: behind the last lane that was looked at, of those that a limit holds and of the others."""

    due: Lane = Lane()
    held: Lane = Lane()


def lanes(connection: Connection, after: Place, limit: int) -> tuple[list[Lane], Place]:
    """Lanes where something is due or held, in queues that are not paused; and where to go on the next time.

    The next `limit` of either sort. Where there were fewer the next time begins anew.
    """
    values = {"queue": after.due.queue, "submitter": after.due.submitter, "limit": limit}
    values |= {"held": after.held.held, "held_queue": after.held.queue, "held_submitter": after.held.submitter}
    rows = [(Lane(*row), due) for *row, due in connection.execute(LANES, values)]
    due, held = ([lane for lane, _ in rows if bool(lane.held) is sort] for sort in (False, True))
    following = Place(*(some[-1] if len(some) == limit else Lane() for some in (due, held)))
    return [lane for lane, is_due in rows if is_due], following


def first_of(connection: Connection, queue: str, lanes: Mapping[Lane, int]) -> list[Candidate]:
    """The first due jobs of each of a queue's lanes, at most so many of each."""
    found: list[Candidate] = []
    for which, these in (
        (OF_DUE, [one for one in lanes if not one.held]),
        (OF_HELD, [one for one in lanes if one.held]),
    ):
        values = {
            "queue": queue,
            "held": [lane.held for lane in these],
            "submitters": [lane.submitter for lane in these],
            "most": [lanes[lane] for lane in these],
        }
        if these:
            found += [Candidate(*row) for row in connection.execute(FIRST.format(lane=which), values)]
    return found


def shares(connection: Connection, queue: str, submitters: Iterable[str]) -> Mapping[str, Share]:
    """What each of the submitters has in flight in a queue, and its weight; nothing is counted for one alone."""
    names = sorted(set(submitters))
    if len(names) < 2:
        return {}
    rows = connection.execute(SHARES, {"queue": queue, "submitters": names})
    return {submitter: Share(load or 0, weight) for submitter, load, weight in rows}
