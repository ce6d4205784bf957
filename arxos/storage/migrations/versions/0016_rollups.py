"""What ended when is found without looking through all of history."""

from alembic import op

revision = "0016"
down_revision = "0015"

INDEXES = (
    # Attempts are written in the order in which they end: a few pages tell where a while begins.
    "attempts_ended ON attempts USING brin (finished_at) WITH (pages_per_range = 32, autosummarize = on)",
    "attempts_lost ON attempts (finished_at) WHERE outcome = 'lost'",
    "jobs_died ON jobs (finished_at) WHERE state = 'dead'",
)
MARK = """
CREATE TABLE IF NOT EXISTS rollup_marks (
    name text PRIMARY KEY,
    until timestamptz NOT NULL      -- everything before is added up
)
"""


def upgrade() -> None:
    # Without standing in the way of whoever settles: in a large ledger it takes minutes.
    with op.get_context().autocommit_block():
        op.execute(MARK)
        for index in INDEXES:
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index}")


def downgrade() -> None:
    raise NotImplementedError("what was measured is never taken away")
