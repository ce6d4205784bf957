"""The operator's desk: limits and turns, fingerprints of errors, redrives and their undoing, cancellations told."""

from alembic import op

revision = "0007"
down_revision = "0006"

JOBS = """
ALTER TABLE jobs
    ADD COLUMN held text NOT NULL DEFAULT '',  -- the group whose limit leaves no room for it; '': none
    ADD COLUMN error_place text,               -- where in the code: module and function
    ADD COLUMN error_fingerprint text,         -- alike for errors of the same type, place and wording
    ADD COLUMN cancel_reason text,
    ADD COLUMN original_payload jsonb,         -- as submitted, where an operator has edited it since
    ADD COLUMN redriven integer NOT NULL DEFAULT 0,
    ADD COLUMN redriven_at timestamptz,
    ADD COLUMN redriven_by text;
ALTER TABLE attempts ADD COLUMN error_place text;
UPDATE jobs SET error_fingerprint = left(md5(coalesce(error_type, '')), 12) WHERE state = 'dead';

-- A job's turn: priority is worth 10 s of waiting, so whatever waits goes first some day. Ageing all at the same pace
-- leaves their order as it is, so it can be an index. Only expressions that no setting of a session changes may be one.
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (queue, (coalesce(submitted_by, '')),
        (date_part('epoch', available_at AT TIME ZONE 'UTC') - 10 * priority), available_at, id)
    WHERE state IN ('queued', 'retryable') AND published_at IS NULL AND held = '';
CREATE INDEX jobs_held ON jobs (held, queue, (coalesce(submitted_by, '')),
        (date_part('epoch', available_at AT TIME ZONE 'UTC') - 10 * priority), available_at, id)
    WHERE state IN ('queued', 'retryable') AND published_at IS NULL AND held <> '';
CREATE INDEX jobs_dead_error ON jobs (error_fingerprint, id) WHERE state = 'dead';
"""

EDGES = """
-- What the later job does when the earlier one dies or is cancelled.
ALTER TABLE job_edges ADD COLUMN on_failure text NOT NULL DEFAULT 'cancel' CHECK (on_failure IN ('cancel', 'run'));
UPDATE job_edges SET on_failure = 'run' FROM jobs WHERE jobs.id = job_id AND jobs.on_failure = 'run';
"""

LIMITS = """
-- How many jobs of a kind or a queue may run at once (in all, and for each value of `per`), and how many may start.
-- `tokens`, `unclaimed` and `looked_at` are the bucket of the rate: see arxos/domain/jobs/limits.py.
CREATE TABLE limits (
    scope text NOT NULL CHECK (scope IN ('kind', 'queue')),
    name text NOT NULL,
    running integer CHECK (running >= 0),
    per text,                                   -- building, submitter, or payload.<field>
    per_running integer CHECK (per_running >= 0),
    rate double precision CHECK (rate > 0),     -- starts a second
    burst integer CHECK (burst >= 1),
    tokens double precision NOT NULL DEFAULT 0,
    unclaimed integer NOT NULL DEFAULT 0,
    looked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    source text NOT NULL DEFAULT 'operator' CHECK (source IN ('code', 'operator')),
    set_by text,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (scope, name)
);
CREATE TABLE kind_pauses (
    kind text PRIMARY KEY,
    paused_by text NOT NULL,
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text
);
ALTER TABLE queue_pauses ADD COLUMN reason text;

-- A submitter's weight when queues are shared out; who is not listed has 1.
CREATE TABLE shares (
    submitter text PRIMARY KEY,
    weight double precision NOT NULL CHECK (weight > 0)
);

-- What the relay has counted: whoever submits to a queue with too much of it is asked to come again later.
CREATE TABLE backlogs (
    queue text PRIMARY KEY,
    due bigint NOT NULL,
    per_s double precision NOT NULL,            -- jobs finished a second, of late
    measured_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""

ACTS = """
CREATE TABLE bulk_acts (
    id uuid PRIMARY KEY,
    action text NOT NULL CHECK (action IN ('redrive', 'discard')),
    actor text NOT NULL,
    reason text,
    source text,                                -- from where: cli@host, http, console
    filter jsonb NOT NULL DEFAULT '{}',
    rate double precision,                      -- jobs a second that become due
    done integer NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    undo_until timestamptz NOT NULL,
    undone_at timestamptz,
    undone_by text,
    undone integer
);
ALTER TABLE operator_actions
    ADD COLUMN reason text,
    ADD COLUMN source text,
    ADD COLUMN act_id uuid REFERENCES bulk_acts (id) ON DELETE CASCADE;
-- From where an act came, unless whoever acts says more: ``arxos-cli@10.0.0.7``.
ALTER TABLE operator_actions ALTER COLUMN source
    SET DEFAULT current_setting('application_name') || '@' || coalesce(host(inet_client_addr()), 'local');
CREATE INDEX operator_actions_act ON operator_actions (act_id, id) WHERE act_id IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(JOBS)
    op.execute(EDGES)
    op.execute(LIMITS)
    op.execute(ACTS)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
