"""What happens because time passes: health and its history, audits, rollups, and finished jobs that are kept apart."""

from alembic import op

revision = "0011"
down_revision = "0010"

HEALTH = """
-- A building's latest report. `changed_at`: since when the status is this one; `rules`: the version of those applied.
CREATE TABLE health_reports (
    building_id uuid PRIMARY KEY REFERENCES buildings (id) ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('healthy', 'degraded', 'unhealthy')),
    reasons jsonb NOT NULL DEFAULT '[]',
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    facts jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX health_reports_due ON health_reports (checked_at);
CREATE INDEX health_reports_ill ON health_reports (status, changed_at) WHERE status <> 'healthy';

CREATE TABLE health_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    building_id uuid NOT NULL,
    was text,
    status text NOT NULL,
    reasons jsonb NOT NULL DEFAULT '[]',
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX health_changes_building ON health_changes (building_id, id);

-- One row a sweep, which is the job of that id; written when the last of its checks has ended.
CREATE TABLE sweep_reports (
    job_id uuid PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    due bigint NOT NULL DEFAULT 0,
    counts jsonb NOT NULL DEFAULT '{}',         -- status → buildings; and failed, changed
    components jsonb NOT NULL DEFAULT '{}'
);

-- The system's own parts, as the last sweep found them.
CREATE TABLE component_reports (
    name text PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('healthy', 'degraded', 'unhealthy')),
    detail text,
    latency_ms double precision,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The version of the rules that a report was made with: another one makes it old. NULL: before this was noted.
ALTER TABLE validation_reports ADD COLUMN rules_version text;
"""

AUDITS = """
-- One row an audit, which is the job of that id. `place`: where a later attempt goes on.
CREATE TABLE audits (
    job_id uuid PRIMARY KEY,
    kind text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    examined bigint NOT NULL DEFAULT 0,
    findings bigint NOT NULL DEFAULT 0,
    place jsonb
);
CREATE INDEX audits_latest ON audits (kind, started_at DESC);

-- `repair`: {kind, payload} of the job that would mend it; NULL: a person must look.
CREATE TABLE audit_findings (
    audit_id uuid NOT NULL REFERENCES audits (job_id) ON DELETE CASCADE,
    position bigint GENERATED ALWAYS AS IDENTITY,
    class text NOT NULL,
    subject text NOT NULL,
    message text NOT NULL,
    repair jsonb,
    repair_job_id uuid,
    PRIMARY KEY (audit_id, position),
    UNIQUE (audit_id, class, subject)           -- a repeated attempt finds the same again
);
"""

ROLLUPS = """
ALTER TABLE attempts ADD COLUMN cpu_s double precision;

-- Attempts that ended and jobs that became final within [bucket, bucket + grain). Sketches are mergeable.
CREATE TABLE job_rollups (
    grain text NOT NULL CHECK (grain IN ('5m', 'hour', 'day')),
    bucket timestamptz NOT NULL,
    kind text NOT NULL,
    queue text NOT NULL,
    outcome text NOT NULL,
    jobs bigint NOT NULL,                       -- that became final with this outcome
    attempts bigint NOT NULL,
    retries bigint NOT NULL,
    cpu_s double precision NOT NULL,
    waited jsonb NOT NULL,                      -- sketch of seconds from due to started
    ran jsonb NOT NULL,                         -- sketch of seconds from started to finished
    rolled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (grain, bucket, kind, queue, outcome)
);
CREATE TABLE building_rollups (
    bucket timestamptz NOT NULL,                -- a day
    tenant text NOT NULL,                       -- who handed the models in; '': nobody in particular
    buildings bigint NOT NULL,
    models bigint NOT NULL,
    storage_bytes bigint NOT NULL,
    space_area_m2 double precision NOT NULL,
    counts jsonb NOT NULL,                      -- floors, spaces, elements
    validated bigint NOT NULL,
    valid bigint NOT NULL,
    health jsonb NOT NULL,                      -- status → buildings
    rolled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (bucket, tenant)
);

-- The HTTP interface by the minute, added up over its processes.
CREATE TABLE request_minutes (
    minute timestamptz NOT NULL,
    process text NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,                     -- answers of 500 and above
    took jsonb NOT NULL,                        -- sketch of seconds
    PRIMARY KEY (minute, process)
);
"""

HISTORY = """
-- Finished jobs that left the ledger: what is worth knowing of them later. One partition a month, made in time by
-- ledger.prune and dropped whole. A row finds its partition by `finished_at`.
CREATE TABLE job_history (
    id uuid NOT NULL,
    kind text NOT NULL,
    queue text NOT NULL,
    state text NOT NULL,
    submitted_by text,
    building_id uuid,
    request_id text,
    attempts integer NOT NULL,
    error_type text,
    error_message text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (id, finished_at)
) PARTITION BY RANGE (finished_at);
CREATE TABLE job_history_rest PARTITION OF job_history DEFAULT;
"""


def upgrade() -> None:
    op.execute(HEALTH)
    op.execute(AUDITS)
    op.execute(ROLLUPS)
    op.execute(HISTORY)


def downgrade() -> None:
    raise NotImplementedError("what was measured is never taken away")
