"""What a token opened ends with the token: sessions know theirs, and a subject's everything can be ended."""

from alembic import op

revision = "0021"
down_revision = "0020"

# Sessions that know of no token would outlive it: people sign in again.
SESSIONS = """
DELETE FROM console_sessions;
ALTER TABLE console_sessions
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),  -- to be named by; the digest opens it
    ADD COLUMN token_id text,                               -- NULL: by older code, which opens nothing here
    ADD COLUMN token_key text,
    ADD COLUMN token_issued_at timestamptz,
    ADD COLUMN family uuid,
    ADD COLUMN ended_at timestamptz;
CREATE UNIQUE INDEX console_sessions_id ON console_sessions (id);
CREATE INDEX console_sessions_ended ON console_sessions (ended_at) WHERE ended_at IS NOT NULL;
"""

# Kept for good: of a token that says nothing of its age nobody knows that it is newer.
SUBJECTS = """
CREATE TABLE ended_subjects (
    subject text PRIMARY KEY,
    tokens_until timestamptz NOT NULL,          -- what was issued up to then opens nothing
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_by text NOT NULL,
    reason text
);
CREATE INDEX ended_subjects_at ON ended_subjects (ended_at);
"""

# They were forgotten after a year, whatever the token's end was.
REVOCATIONS = "UPDATE revoked_tokens SET expires_at = '2999-12-31Z'"

# Of a family that lives one token is unused. One that is revoked ends all of them, also those made at that moment.
FAMILIES = (
    """
    CREATE INDEX CONCURRENTLY IF NOT EXISTS refresh_tokens_live ON refresh_tokens (family)
    WHERE used_at IS NULL AND revoked_at IS NULL
    """,
    """
    CREATE INDEX CONCURRENTLY IF NOT EXISTS refresh_tokens_revoked ON refresh_tokens (revoked_at)
    WHERE revoked_at IS NOT NULL
    """,
)


def upgrade() -> None:
    op.execute(SESSIONS)
    op.execute(SUBJECTS)
    op.execute(REVOCATIONS)
    with op.get_context().autocommit_block():
        for index in FAMILIES:
            op.execute(index)


def downgrade() -> None:
    op.execute("DROP INDEX refresh_tokens_live, refresh_tokens_revoked")
    op.execute("DROP TABLE ended_subjects")
    op.execute("DROP INDEX console_sessions_id, console_sessions_ended")
    op.execute(
        "ALTER TABLE console_sessions DROP COLUMN id, DROP COLUMN token_id, DROP COLUMN token_key, "
        "DROP COLUMN token_issued_at, DROP COLUMN family, DROP COLUMN ended_at"
    )
