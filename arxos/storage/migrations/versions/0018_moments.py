"""Times lie in the years 1970 to 3000 (UTC), as at every door: what is stored can be read and shown.

What older versions have let in is moved to the nearest such time; of jobs the act log keeps what it was.
"""

import time

from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

revision = "0018"
down_revision = "0017"

FIRST, END = "1970-01-01 00:00:00+00", "3001-01-01 00:00:00+00"
LAST = "3000-12-31 23:59:59.999999+00"
# History is partitioned by time, and made of the rows of `jobs`.
TABLES = {
    "attempts": ("started_at", "finished_at"),
    "audits": ("started_at", "finished_at"),
    "backlogs": ("measured_at",),
    "buildings": ("created_at", "updated_at"),
    "bulk_acts": ("started_at", "finished_at", "undo_until", "undone_at"),
    "component_reports": ("checked_at", "changed_at"),
    "console_sessions": ("started_at", "seen_at", "expires_at"),
    "health_changes": ("at",),
    "health_reports": ("checked_at", "changed_at"),
    "ingress_nonces": ("expires_at",),
    "jobs": (
        *("created_at", "available_at", "deadline", "published_at", "started_at", "finished_at"),
        *("cancel_requested_at", "redriven_at"),
    ),
    "kind_pauses": ("paused_at",),
    "limits": ("looked_at", "set_at"),
    "models": ("received_at", "indexed_at"),
    "operator_actions": ("at",),
    "quarantine": ("received_at",),
    "queue_pauses": ("paused_at",),
    "refresh_tokens": ("issued_at", "expires_at", "used_at", "revoked_at"),
    "revoked_tokens": ("expires_at", "revoked_at"),
    "rollup_marks": ("until",),
    "schedules": ("changed_at", "paused_at", "done_until", "last_slot", "error_since"),
    "services": ("started_at", "heartbeat_at", "trouble_since"),
    "sweep_reports": ("started_at", "finished_at"),
    "validation_reports": ("reported_at",),
    "webhook_outbox": ("at",),
    "webhooks": ("created_at", "disabled_at"),
    "workers": ("started_at", "heartbeat_at", "drain_requested_at"),
}
# A row of these is about its time: without one that can be, it is about nothing.
KEYED = {
    "building_rollups": ("bucket", "rolled_at"),
    "job_rollups": ("bucket", "rolled_at"),
    "request_minutes": ("minute",),
}

NOTE = """
INSERT INTO operator_actions (actor, action, job_id, reason, source, details)
SELECT 'arxos', 'clamp_times', id, 'its times lay outside of the years 1970 to 3000', 'migration',
    jsonb_build_object('available_at', available_at::text, 'deadline', deadline::text)
FROM jobs WHERE {outside}
"""
TRIES, WAIT_S = 60, 1.0


def upgrade() -> None:
    # A transaction for each: no table is locked while another is looked through.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '2s'")
        for table, columns in {**TABLES, **KEYED}.items():
            _clamp(table, columns)
            _patiently(_constrain(table, columns))
            _clamp(table, columns)  # what came in between
            _patiently(f"ALTER TABLE {table} VALIDATE CONSTRAINT {table}_moments")
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    for table in (*TABLES, *KEYED):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_moments")


def _constrain(table: str, columns: tuple[str, ...]) -> str:
    """Also where the migration was interrupted."""
    bounds = " AND ".join(f"{column} >= '{FIRST}' AND {column} < '{END}'" for column in columns)
    name = f"{table}_moments"
    return f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} CHECK ({bounds}) NOT VALID"


def _clamp(table: str, columns: tuple[str, ...]) -> None:
    outside = " OR ".join(f"{column} < '{FIRST}' OR {column} >= '{END}'" for column in columns)
    if table in KEYED:
        _patiently(f"DELETE FROM {table} WHERE {outside}")
        return
    near = ", ".join(
        f"{one} = CASE WHEN {one} < '{FIRST}' THEN timestamptz '{FIRST}' "
        f"WHEN {one} >= '{END}' THEN timestamptz '{LAST}' ELSE {one} END"
        for one in columns
    )
    if table == "jobs":
        _patiently(NOTE.format(outside=outside))
    _patiently(f"UPDATE {table} SET {near} WHERE {outside}")


def _patiently(statement: str) -> None:
    """Never in the way of others for longer than two seconds: whoever waits for a lock makes all behind it wait."""
    for left in reversed(range(TRIES)):
        try:
            op.get_bind().execute(text(statement))
        except OperationalError:
            if not left:
                raise
            time.sleep(WAIT_S)
        else:
            return
