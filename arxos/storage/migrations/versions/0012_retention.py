"""Finished jobs are found by kind, state and age, so that each kind may stay for a time of its own."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # Without standing in the way of whoever settles: in a large ledger it takes minutes.
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_done_kind ON jobs (kind, state, finished_at)"
            " WHERE state IN ('succeeded', 'cancelled')"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS jobs_done")


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
