"""The border: refused messages, versions of contracts, and the processes that serve all."""

from alembic import op

revision = "0003"
down_revision = "0002"

BORDER = """
-- What arrived on a queue and was no message of the relay's. Never a payload: at most an excerpt of its shape.
CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    queue text,
    task text,
    message_id text,
    reason text NOT NULL,
    size_bytes integer,
    excerpt text
);

-- The version of the kind's contract that the payload was held against.
ALTER TABLE jobs ADD COLUMN contract smallint NOT NULL DEFAULT 1;

CREATE TABLE services (
    id text PRIMARY KEY,
    role text NOT NULL CHECK (role IN ('relay', 'beat')),
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    trouble text,
    trouble_since timestamptz
);
"""


def upgrade() -> None:
    op.execute(BORDER)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
