"""The snapshot behind `why`: one job and its surroundings, read in one transaction."""

from typing import Any
from uuid import UUID

from arxos.domain.jobs.job import WAITING, Job
from arxos.domain.jobs.limits import Limit, Room, Scope
from arxos.domain.jobs.relay import complaint
from arxos.domain.jobs.snapshot import Crowd, Hold, Pause, Pool, Snapshot
from arxos.storage import ledger_read, limits, turns
from arxos.storage.database import Connection
from arxos.storage.delivery_facts import untaken
from arxos.storage.job_rows import as_int, state_of
from arxos.storage.services import relay_state
from arxos.storage.turns import Place

COUNTED = 100_000  # jobs ahead, beyond which nobody wants to know exactly
LANES = 1000
HOLDERS = 3

FACTS = """
SELECT clock_timestamp(), held, contract,
    (SELECT extract(epoch FROM clock_timestamp() - heartbeat_at)::float FROM workers WHERE workers.id = jobs.worker)
FROM jobs WHERE id = %s
"""
# Who announces no contracts is a worker of before there were any.
POOL = f"""
SELECT count(*),
    count(*) FILTER (WHERE contracts = '{{}}' OR {as_int("contracts->>%(kind)s")} >= %(contract)s),
    (SELECT count(*) FROM jobs WHERE state = 'running' AND queue = %(queue)s)
FROM workers
WHERE %(queue)s = ANY(queues) AND heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s)
"""
PAUSED = """
SELECT 'queue', queue, paused_by, paused_at, reason FROM queue_pauses WHERE queue = %(queue)s UNION ALL
SELECT 'kind', kind, paused_by, paused_at, reason FROM kind_pauses WHERE kind = %(kind)s
"""
AHEAD = f"""
SELECT count(*) FROM (SELECT FROM jobs WHERE {turns.WAITING} AND held = '' AND queue = %(queue)s AND {turns.DUE}
    AND id <> %(id)s AND ({turns.TURN}, available_at, id) < (SELECT {turns.TURN}, available_at, id FROM jobs
        WHERE id = %(id)s)
    LIMIT {COUNTED}) ahead
"""
IN_FLIGHT = f"""
SELECT count(*) FILTER (WHERE mine), count(*) FILTER (WHERE NOT mine) FROM (
    SELECT {turns.SUBMITTER} = %(submitter)s AS mine FROM jobs WHERE queue = %(queue)s AND (state = 'running'
        OR state IN ('queued', 'retryable') AND published_at IS NOT NULL)) flight
"""
HOLDING = f"""
SELECT jobs.id FROM jobs JOIN limits ON {limits.ON_JOB} AND scope = %(scope)s AND name = %(name)s
WHERE (state = 'running' OR state IN ('queued', 'retryable') AND published_at IS NOT NULL)
    AND (%(key)s::text IS NULL OR {limits.KEY} = %(key)s)
ORDER BY started_at NULLS LAST, jobs.id LIMIT {HOLDERS}
"""
WAITS_FOR = """
SELECT jobs.id, jobs.state FROM job_edges JOIN jobs ON jobs.id = after_id
WHERE job_id = %s AND NOT released ORDER BY jobs.id LIMIT 100
"""


def snapshot(connection: Connection, job_id: UUID, lease_s: float, republish_s: float) -> Snapshot:
    """The job's surroundings now. Raises NotFoundError."""
    job = ledger_read.get(connection, job_id)
    row = connection.execute(FACTS, [job_id]).fetchone()
    now, held, contract, silent = row or (job.created_at, "", 1, None)
    waits_for = tuple((other, state_of(state)) for other, state in connection.execute(WAITS_FOR, [job_id]))
    if job.state not in WAITING:
        return Snapshot(now, job, lease_s, republish_s, worker_silent_s=silent, waits_for=waits_for)
    of = {"id": job.id, "kind": job.kind, "queue": job.queue, "contract": contract, "lease_s": lease_s}
    return Snapshot(
        now,
        job,
        lease_s,
        republish_s,
        pool=Pool(*_row(connection, POOL, of)),
        crowd=_crowd(connection, job, of),
        paused=next((Pause(Scope(scope), *rest) for scope, *rest in connection.execute(PAUSED, of)), None),
        hold=_hold(connection, held) if held else None,
        relay=complaint(relay_state(connection, lease_s)),
        untaken=next((one for one in untaken(connection, lease_s, republish_s) if one.queue == job.queue), None),
    )


def _row(connection: Connection, query: str, values: dict[str, Any]) -> tuple[Any, ...]:
    return connection.execute(query.encode(), values).fetchone() or ()


def _crowd(connection: Connection, job: Job, of: dict[str, Any]) -> Crowd:
    mine = job.submitted_by or ""
    lanes, _ = turns.lanes(connection, Place(), LANES)
    others = {lane.submitter for lane in lanes if lane.queue == job.queue and not lane.held} - {mine}
    own, theirs = _row(connection, IN_FLIGHT, of | {"submitter": mine})
    [ahead] = _row(connection, AHEAD, of)
    return Crowd(ahead, own, theirs, len(others))


def _hold(connection: Connection, group: str) -> Hold:
    whole, keyed, key = group.partition("/")
    room = limits.room(connection, limits.standing(connection))
    limit = room.limits.get(whole)
    if limit is None:
        return Hold(group, None)
    of = {"scope": limit.scope, "name": limit.name, "key": key if keyed else None}
    holders = tuple(row[0] for row in connection.execute(HOLDING, of))
    return Hold(group, limit.allowed, room.in_flight.get(group, 0), holders, _next_start_s(room, limit))


def _next_start_s(room: Room, limit: Limit) -> float | None:
    rate = limit.allowed.rate
    return None if rate is None or (tokens := room.tokens(limit)) >= 1 else (1 - tokens) / rate
