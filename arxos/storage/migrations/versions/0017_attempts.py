"""What an attempt died of in full, which version ran it, and lists of jobs whose ids tell no time."""

from alembic import op

revision = "0017"
down_revision = "0016"

COLUMNS = """
ALTER TABLE attempts
    ADD COLUMN IF NOT EXISTS traceback text,    -- the innermost frames
    ADD COLUMN IF NOT EXISTS version text       -- of the worker's code
"""

# Of most jobs the id is of version 7, ordered by time: they are found by that, and cost nothing here.
NAMED = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_named ON jobs (created_at, id)
WHERE id >= '04000000-0000-0000-0000-000000000000' OR substr(id::text, 15, 1) <> '7'
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    # Without standing in the way of whoever submits: in a large ledger it takes minutes.
    with op.get_context().autocommit_block():
        op.execute(NAMED)


def downgrade() -> None:
    op.execute("DROP INDEX jobs_named")
    op.execute("ALTER TABLE attempts DROP COLUMN traceback, DROP COLUMN version")
