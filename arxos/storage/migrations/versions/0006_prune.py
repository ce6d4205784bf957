"""Where prune finds what is old, whatever the ledger holds."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Grows at its right end only, so a settlement hardly notices it.
PRUNE = "CREATE INDEX jobs_done ON jobs (finished_at) WHERE state IN ('succeeded', 'cancelled')"


def upgrade() -> None:
    op.execute(PRUNE)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
