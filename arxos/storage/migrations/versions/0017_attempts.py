"""What an attempt died of in full, which version ran it, and lists of jobs by when they were created."""

from alembic import op

revision = "0017"
down_revision = "0016"

COLUMNS = """
ALTER TABLE attempts
    ADD COLUMN IF NOT EXISTS traceback text,    -- the innermost frames
    ADD COLUMN IF NOT EXISTS version text       -- of the worker's code
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    # Without standing in the way of whoever submits: in a large ledger it takes minutes.
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_created ON jobs (created_at, id)")


def downgrade() -> None:
    op.execute("DROP INDEX jobs_created")
    op.execute("ALTER TABLE attempts DROP COLUMN traceback, DROP COLUMN version")
