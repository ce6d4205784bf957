"""What each worker can read: for a job that is too new for one, whether there is another that can."""

from alembic import op

revision = "0005"
down_revision = "0004"

CONTRACTS = """
-- {kind: the latest version of its contract}. Workers of before announce none.
ALTER TABLE workers ADD COLUMN contracts jsonb NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    op.execute(CONTRACTS)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
