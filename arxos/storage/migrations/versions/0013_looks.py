"""What operators look at most is found by itself: jobs that wait for others, acts that were no part of a larger one."""

from alembic import op

revision = "0013"
down_revision = "0012"

INDEXES = (
    "jobs_blocked ON jobs (queue) WHERE state = 'blocked'",
    "operator_actions_single ON operator_actions (at) WHERE act_id IS NULL",
)


def upgrade() -> None:
    # Without standing in the way of whoever settles: in a large ledger it takes minutes.
    with op.get_context().autocommit_block():
        for index in INDEXES:
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index}")


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
