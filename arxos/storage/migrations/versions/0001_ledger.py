"""The ledger: jobs, their attempts and edges, workers, queues, operators' acts, probe effects."""

from alembic import op

revision = "0001"
down_revision = None

LEDGER = """
CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    queue text NOT NULL,
    state text NOT NULL
        CHECK (state IN ('blocked', 'queued', 'running', 'retryable', 'succeeded', 'dead', 'cancelled')),
    priority smallint NOT NULL DEFAULT 0,
    payload jsonb NOT NULL DEFAULT '{}',
    result jsonb,
    error_type text,
    error_message text,
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    lost integer NOT NULL DEFAULT 0,
    policy jsonb NOT NULL,
    batch smallint NOT NULL DEFAULT 1,
    waiting_for integer NOT NULL DEFAULT 0,
    on_failure text NOT NULL DEFAULT 'cancel' CHECK (on_failure IN ('cancel', 'run')),
    idempotency_key text,
    submitted_by text,
    building_id uuid,
    trace text,
    progress real,
    progress_note text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    available_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deadline timestamptz,
    published_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    worker text,
    delivery uuid,
    cancel_requested_at timestamptz,
    cancel_requested_by text
);
-- Partial indexes: each holds only the jobs that its one reader looks for, so they stay small beside any history.
CREATE INDEX jobs_due ON jobs (queue, priority DESC, available_at, id)
    WHERE state IN ('queued', 'retryable') AND published_at IS NULL;
CREATE INDEX jobs_published ON jobs (published_at)
    WHERE state IN ('queued', 'retryable') AND published_at IS NOT NULL;
CREATE INDEX jobs_running ON jobs (worker) WHERE state = 'running';
CREATE INDEX jobs_deadline ON jobs (deadline)
    WHERE deadline IS NOT NULL AND state IN ('blocked', 'queued', 'retryable');
CREATE INDEX jobs_dead ON jobs (id) WHERE state = 'dead';
CREATE INDEX jobs_building ON jobs (building_id, id) WHERE building_id IS NOT NULL;
CREATE UNIQUE INDEX jobs_idempotency ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
-- A queue table churns: vacuum early and in small steps.
ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1,
                      autovacuum_analyze_scale_factor = 0.05);

-- Written once, when an attempt has ended. No foreign key: a check per settled job for rows that only prune deletes.
CREATE TABLE attempts (
    job_id uuid NOT NULL,
    attempt integer NOT NULL,
    worker text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome text NOT NULL,
    error_type text,
    error_message text,
    PRIMARY KEY (job_id, attempt)
);

CREATE TABLE job_edges (
    after_id uuid NOT NULL,
    job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    released boolean NOT NULL DEFAULT false,
    PRIMARY KEY (after_id, job_id)
);
CREATE INDEX job_edges_job ON job_edges (job_id);

CREATE TABLE workers (
    id text PRIMARY KEY,
    host text NOT NULL,
    pid integer NOT NULL,
    pool text NOT NULL,
    queues text[] NOT NULL,
    version text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE queue_pauses (
    queue text PRIMARY KEY,
    paused_by text NOT NULL,
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE operator_actions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL,
    job_id uuid,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX operator_actions_job ON operator_actions (job_id) WHERE job_id IS NOT NULL;

CREATE TABLE probe_effects (
    job_id uuid NOT NULL,
    attempt integer NOT NULL,
    key text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute(LEDGER)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
