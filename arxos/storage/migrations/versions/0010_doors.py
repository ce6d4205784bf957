"""The doors: who may come in, what is told to whom outside, and what readers' caches must hear of."""

from alembic import op

revision = "0010"
down_revision = "0009"

ACCESS = """
-- Of a token only its name (`jti`): until it would have expired anyway, it opens nothing.
CREATE TABLE revoked_tokens (
    jti text PRIMARY KEY,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_by text NOT NULL,
    reason text
);
CREATE INDEX revoked_tokens_at ON revoked_tokens (revoked_at);

-- Each is used once and makes the next of its family; one that is used twice was stolen, and ends its family.
CREATE TABLE refresh_tokens (
    digest bytea PRIMARY KEY,                   -- SHA-256 of the token, which is random
    family uuid NOT NULL,
    subject text NOT NULL,
    role text NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);

-- People at the console. The cookie is random; here is its digest.
CREATE TABLE console_sessions (
    digest bytea PRIMARY KEY,
    subject text NOT NULL,
    role text NOT NULL,
    source text,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);
"""

WEBHOOKS = """
-- Where to tell of a job's end. The key that signs is derived from the system's own and the id: none is stored.
CREATE TABLE webhooks (
    id uuid PRIMARY KEY,
    url text NOT NULL,
    owner text NOT NULL,
    description text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at timestamptz,
    disabled_by text
);
ALTER TABLE jobs ADD COLUMN webhook_id uuid, ADD COLUMN request_id text;

-- Written by whatever makes a job final, in the same transaction; the relay makes jobs of it.
CREATE TABLE webhook_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id uuid NOT NULL,
    job_id uuid NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION tell_webhook() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_outbox (webhook_id, job_id, state) VALUES (NEW.webhook_id, NEW.id, NEW.state);
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_tell_webhook AFTER UPDATE OF state ON jobs FOR EACH ROW
    WHEN (NEW.webhook_id IS NOT NULL AND NEW.state IN ('succeeded', 'dead', 'cancelled') AND OLD.state <> NEW.state)
    EXECUTE FUNCTION tell_webhook();
"""

READERS = """
-- Whoever keeps answers about a building in memory hears of every change, at commit.
CREATE FUNCTION tell_readers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text;
BEGIN
    IF TG_TABLE_NAME = 'buildings' THEN
        changed := coalesce(NEW.id, OLD.id);
    ELSIF TG_TABLE_NAME = 'models' THEN
        changed := coalesce(NEW.building_id, OLD.building_id);
    ELSE
        SELECT building_id INTO changed FROM models WHERE id = coalesce(NEW.model_id, OLD.model_id);
    END IF;
    PERFORM pg_notify('arxos_building', changed);
    RETURN NULL;
END $$;
CREATE TRIGGER buildings_tell_readers AFTER INSERT OR UPDATE OR DELETE ON buildings
    FOR EACH ROW EXECUTE FUNCTION tell_readers();
CREATE TRIGGER models_tell_readers AFTER INSERT OR UPDATE OR DELETE ON models
    FOR EACH ROW EXECUTE FUNCTION tell_readers();
CREATE TRIGGER reports_tell_readers AFTER INSERT OR UPDATE ON validation_reports
    FOR EACH ROW EXECUTE FUNCTION tell_readers();
"""

PROCESSES = """
ALTER TABLE services DROP CONSTRAINT services_role_check,
    ADD CONSTRAINT services_role_check CHECK (role IN ('relay', 'beat', 'api', 'ingress'));
-- How many jobs at once, what its processes take up together, and whether somebody wants it to finish and go.
ALTER TABLE workers
    ADD COLUMN slots integer,
    ADD COLUMN memory_bytes bigint,
    ADD COLUMN drain_requested_at timestamptz,
    ADD COLUMN drain_requested_by text;
"""

INGRESS = """
-- A signed message is taken once: its nonce is remembered until its signature has expired.
CREATE TABLE ingress_nonces (
    key_id text NOT NULL,
    nonce text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (key_id, nonce)
);
CREATE INDEX ingress_nonces_expired ON ingress_nonces (expires_at);
"""


def upgrade() -> None:
    op.execute(ACCESS)
    op.execute(WEBHOOKS)
    op.execute(READERS)
    op.execute(PROCESSES)
    op.execute(INGRESS)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken away")
