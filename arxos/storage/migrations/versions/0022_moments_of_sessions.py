"""Times of sessions and of ended subjects lie in the years 1970 to 3000 (UTC), too."""

from alembic import op

revision = "0022"
down_revision = "0021"

FIRST, END = "1970-01-01 00:00:00+00", "3001-01-01 00:00:00+00"
TABLES = {
    "console_sessions": ("started_at", "seen_at", "expires_at", "token_issued_at", "ended_at"),
    "ended_subjects": ("tokens_until", "ended_at"),
}
BEFORE = {"console_sessions": ("started_at", "seen_at", "expires_at")}


def upgrade() -> None:
    for table, columns in TABLES.items():
        op.execute(f"DELETE FROM {table} WHERE {_outside(columns)}")  # no session and no end that was ever asked for
        _bind(table, columns)


def downgrade() -> None:
    op.execute("ALTER TABLE ended_subjects DROP CONSTRAINT ended_subjects_moments")
    for table, columns in BEFORE.items():
        _bind(table, columns)


def _bind(table: str, columns: tuple[str, ...]) -> None:
    name = f"{table}_moments"
    bounds = " AND ".join(f"{column} >= '{FIRST}' AND {column} < '{END}'" for column in columns)
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} CHECK ({bounds})")


def _outside(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"{column} < '{FIRST}' OR {column} >= '{END}'" for column in columns)
