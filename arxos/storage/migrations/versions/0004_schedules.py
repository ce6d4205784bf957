"""Schedules: the entries of periodic work, and how far each is dealt with."""

from alembic import op

revision = "0004"
down_revision = "0003"

SCHEDULES = """
-- Slots up to `done_until` are dealt with: submitted as jobs, or given up and counted in `missed`. A crontab is not
-- checked here: what is wrong with an entry is told in `error`, and stops no other.
CREATE TABLE schedules (
    name text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
    kind text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    queue text,
    priority smallint NOT NULL DEFAULT 0,
    cron text,
    every_s integer,
    timezone text NOT NULL DEFAULT 'UTC',
    policy text NOT NULL DEFAULT 'latest' CHECK (policy IN ('skip', 'latest', 'all')),
    catch_up integer NOT NULL DEFAULT 100 CHECK (catch_up BETWEEN 1 AND 10000),
    jitter_s integer NOT NULL DEFAULT 0 CHECK (jitter_s >= 0),
    source text NOT NULL DEFAULT 'operator' CHECK (source IN ('code', 'operator')),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text,
    paused_at timestamptz,
    paused_by text,
    done_until timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_slot timestamptz,
    missed bigint NOT NULL DEFAULT 0,
    error text,
    error_since timestamptz
);
"""


def upgrade() -> None:
    op.execute(SCHEDULES)


def downgrade() -> None:
    raise NotImplementedError("what operators scheduled is never taken away")
