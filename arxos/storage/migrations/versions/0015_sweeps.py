"""Sweeps of health go on where an attempt stopped; what a check looks for is found by itself."""

from alembic import op

revision = "0015"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE sweep_reports ADD COLUMN place uuid")
    op.execute("ALTER TABLE sweep_reports DROP COLUMN components")
    op.execute("CREATE INDEX sweep_reports_latest ON sweep_reports (started_at DESC)")
    op.execute("CREATE INDEX health_changes_at ON health_changes (at)")


def downgrade() -> None:
    raise NotImplementedError("what was measured is never taken away")
