"""Acts on many dead letters, step by step, and their undoing."""

from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import kwargs_row
from psycopg.types.json import Jsonb

from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.desk import Action, BulkAct, Opened, Order, Step, UndoStep
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator
from arxos.storage import ledger_acts, ledger_edges, ledger_read
from arxos.storage.database import Connection
from arxos.storage.stored_json import as_object, known

COLUMNS: LiteralString = """
    id, action, actor, reason, source, filter, rate, done, started_at, finished_at, undo_until, undone_at, undone_by,
    undone"""

OPEN = """
INSERT INTO bulk_acts (id, action, actor, reason, source, filter, rate, undo_until)
VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp() + %s * interval '1 s') RETURNING started_at
"""
STEP = """
UPDATE bulk_acts SET done = done + %(jobs)s,
    undo_until = greatest(clock_timestamp(), %(due_until)s) + %(undo_s)s * interval '1 s'
WHERE id = %(id)s AND undone_at IS NULL RETURNING id
"""
CLOSE = f"UPDATE bulk_acts SET finished_at = clock_timestamp() WHERE id = %s RETURNING {COLUMNS}"
ACTS = f"SELECT {COLUMNS} FROM bulk_acts ORDER BY started_at DESC LIMIT %s"

BEGIN_UNDO = f"""
UPDATE bulk_acts SET undone_at = coalesce(undone_at, clock_timestamp()), undone_by = coalesce(undone_by, %s),
    undone = coalesce(undone, 0)
WHERE id = %s AND undo_until > clock_timestamp() RETURNING {COLUMNS}
"""
UNDO_RECORD = "INSERT INTO operator_actions (actor, action, reason, source, act_id) VALUES (%s, 'undo', %s, %s, %s)"

# Only what nobody has touched since: neither a worker (the attempt counts) nor an operator (the act is the latest).
UNDO: LiteralString = """
WITH mine AS (
    SELECT id AS entry, job_id, action, details->'before' AS before FROM operator_actions
    WHERE act_id = %(act_id)s AND id > %(after)s AND action IN ('redrive', 'discard') ORDER BY id LIMIT %(limit)s),
back AS (
    SELECT jobs.id, entry, before FROM mine JOIN jobs ON jobs.id = job_id
    WHERE jobs.state = CASE action WHEN 'redrive' THEN 'queued' ELSE 'cancelled' END
        AND jobs.attempt = (before->>'attempt')::int
        AND NOT EXISTS (SELECT FROM operator_actions later WHERE later.job_id = jobs.id AND later.id > entry)
    ORDER BY jobs.id FOR UPDATE OF jobs),
undone AS (
    UPDATE jobs SET state = 'dead', finished_at = was.finished_at, published_at = was.published_at,
        available_at = was.available_at, deadline = was.deadline, max_attempts = was.max_attempts, lost = was.lost,
        cancel_requested_at = was.cancel_requested_at,
        cancel_requested_by = was.cancel_requested_by, cancel_reason = was.cancel_reason, redriven = was.redriven,
        redriven_at = was.redriven_at, redriven_by = was.redriven_by
    FROM back, LATERAL jsonb_populate_record(NULL::jobs, back.before) was WHERE jobs.id = back.id RETURNING jobs.id),
acts AS (
    INSERT INTO operator_actions (actor, action, job_id, reason, source, act_id)
    SELECT %(actor)s, 'undo', id, %(reason)s, %(source)s, %(act_id)s FROM undone ORDER BY id),
counted AS (
    UPDATE bulk_acts SET undone = coalesce(undone, 0) + (SELECT count(*) FROM undone) WHERE id = %(act_id)s)
SELECT ARRAY(SELECT id FROM undone), (SELECT count(*) FROM mine), (SELECT max(entry) FROM mine)
"""


def open_act(connection: Connection, act_id: UUID, order: Order) -> Opened:
    """See `Desk.open`."""
    by, fits = order.by, Jsonb(_shown(order.which))
    row = [act_id, order.action, by.name, by.reason, by.source, fits, order.rate, order.undo_s]
    started_at: datetime = connection.execute(OPEN, row).fetchall()[0][0]
    which = replace(order.which, state=JobState.DEAD, finished_until=_until(order.which, started_at))
    return Opened(act_id, replace(order, which=which), ledger_read.count(connection, which), started_at)


def step(connection: Connection, act: Opened, limit: int, after: UUID | None, not_before: datetime | None) -> Step:
    """See `Desk.step`."""
    order = act.order
    which, values = ledger_read.condition(order.which, after=after)
    values |= {"limit": limit, "act_id": act.id, "skip": True}
    if order.action is Action.DISCARD:
        changed = ledger_acts.discard(connection, which, order.by, **values)
    else:
        which = which if order.drop_deadline else f"{which} AND {ledger_acts.IN_TIME}"
        paced = {"apart_s": 1 / order.rate if order.rate else 0.0, "not_before": not_before}
        changed = ledger_acts.redrive(connection, which, order.by, **values, **paced)
    due_until = changed.due_until if order.action is Action.REDRIVE else None
    told = {"id": act.id, "jobs": changed.jobs, "due_until": due_until, "undo_s": order.undo_s}
    if connection.execute(STEP, told).fetchone() is None:
        raise ConflictError(f"bulk act {act.id} was undone while it went on")
    return Step(changed.jobs, changed.last if changed.jobs == limit else None, due_until)


def close(connection: Connection, act_id: UUID) -> BulkAct:
    """See `Desk.close`."""
    return _acts(connection, CLOSE, [act_id])[0]


def acts(connection: Connection, limit: int) -> list[BulkAct]:
    """See `Desk.acts`."""
    return _acts(connection, ACTS, [limit])


def begin_undo(connection: Connection, act_id: UUID, by: Operator) -> BulkAct:
    """See `Desk.begin_undo`."""
    found = _acts(connection, BEGIN_UNDO, [by.name, act_id])
    if not found:
        row = connection.execute("SELECT undo_until FROM bulk_acts WHERE id = %s", [act_id]).fetchone()
        if row is None:
            raise NotFoundError(f"no bulk act {str(act_id)!r}")
        raise ConflictError(f"bulk act {act_id} could be undone until {row[0]:%Y-%m-%d %H:%M:%SZ}: it is too late")
    connection.execute(UNDO_RECORD, [by.name, by.reason, by.source, act_id])
    return found[0]


def undo_step(connection: Connection, act_id: UUID, by: Operator, limit: int, after: int) -> UndoStep:
    """See `Desk.undo_step`."""
    who = {"actor": by.name, "reason": by.reason, "source": by.source}
    values = {"act_id": act_id, "after": after, "limit": limit, **who}
    undone, seen, last = connection.execute(UNDO, values).fetchall()[0]
    ledger_edges.release(connection, dict.fromkeys(undone, JobState.DEAD))
    return UndoStep(len(undone), last if seen == limit else None)


def _acts(connection: Connection, statement: LiteralString, values: list[Any]) -> list[BulkAct]:
    with connection.cursor(row_factory=kwargs_row(_bulk_act)) as cursor:
        return cursor.execute(statement, values).fetchall()


def _bulk_act(*, action: str, filter: Any, **row: Any) -> BulkAct:  # noqa: A002 - the column's name
    if action not in set(Action):
        row["reason"] = f"(unreadable: this version does not know the action {action!r})"
    return BulkAct(action=known(Action, action, Action.DISCARD), filter=as_object(filter), **row)


def _until(which: JobFilter, started_at: datetime) -> datetime:
    return min(which.finished_until or started_at, started_at)


def _shown(which: JobFilter) -> dict[str, str]:
    """The filter as it is recorded: what it names, but not that the jobs are dead."""
    named = {name: getattr(which, name) for name in JobFilter.__slots__ if name != "state"}
    return {name: str(value) for name, value in named.items() if value is not None}
