"""What processes tell of themselves besides: how far their clocks are off, and how many connections they may open."""

from alembic import op

revision = "0009"
down_revision = "0007"

CLOCKS = """
-- Own clock minus the database's, in seconds, at the latest heartbeat. Processes of before tell none of this.
ALTER TABLE workers
    ADD COLUMN clock_skew_s double precision,
    ADD COLUMN connections integer;
ALTER TABLE services ADD COLUMN clock_skew_s double precision;
"""


def upgrade() -> None:
    op.execute(CLOCKS)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
