"""Who submitted a job, as authenticated; an idempotency key is unique for its principal, not for everybody."""

from alembic import op
from sqlalchemy import text

revision = "0019"
down_revision = "0018"

COLUMN = "ALTER TABLE jobs ADD COLUMN IF NOT EXISTS principal text"  # null: written by an older version

# Rows of older versions, also of those that still run beside this one, are told apart by whom they name. No row is
# rewritten: the index computes this. (arxos/domain/jobs/submitter.py says what principals there are.)
PRINCIPAL = """
CREATE OR REPLACE FUNCTION job_principal(principal text, submitted_by text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(principal, CASE
        WHEN submitted_by = 'ingress' OR submitted_by LIKE 'ingress:%' THEN 'ingress'
        WHEN submitted_by LIKE 'schedule:%' THEN 'schedule'
        WHEN submitted_by IN ('webhooks', 'health.sweep') THEN 'system'
        WHEN submitted_by = 'cli' THEN 'cli:cli'
        ELSE 'user:' || coalesce(submitted_by, '') END)
$$
"""
INDEX = "jobs_idempotency_key"
BROKEN = "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(:index) AND NOT indisvalid)"
# The key comes first: older versions look for it alone.
NEW = f"""
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {INDEX}
ON jobs (idempotency_key, job_principal(principal, submitted_by)) WHERE idempotency_key IS NOT NULL
"""
OLD = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS jobs_idempotency ON jobs (idempotency_key)
WHERE idempotency_key IS NOT NULL
"""


def upgrade() -> None:
    op.execute(COLUMN)
    op.execute(PRINCIPAL)
    with op.get_context().autocommit_block():
        # What an interrupted attempt left behind would be taken for the index.
        if op.get_bind().scalar(text(BROKEN), {"index": INDEX}):
            op.execute(f"DROP INDEX CONCURRENTLY {INDEX}")
        op.execute(NEW)
        # After the new one is there: at no moment may a key be used twice. Inserts name no index in ON CONFLICT.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS jobs_idempotency")


def downgrade() -> None:
    """Fails, and changes nothing, where two principals use the same key."""
    with op.get_context().autocommit_block():
        op.execute(OLD)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
    op.execute("DROP FUNCTION job_principal")
    op.execute("ALTER TABLE jobs DROP COLUMN principal")
