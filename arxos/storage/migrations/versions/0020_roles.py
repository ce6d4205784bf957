"""Functions of the schema's owner make and drop history's partitions: processes need no right to change the schema."""

from alembic import op
from sqlalchemy import text

revision = "0020"
down_revision = "0019"

# Definers: they do exactly this with their owner's rights, whoever may call them.
MAKE = """
CREATE FUNCTION arxos_make_history_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE
    since timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    until timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    part text := to_char(month, '"job_history_"YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('job_history'));  -- two who make or drop the same partition take turns
    IF to_regclass('{schema}.' || quote_ident(part)) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Made beside the others and joined to them: what strayed into the rest meanwhile moves into it.
    EXECUTE format('CREATE TABLE {schema}.%I (LIKE job_history INCLUDING DEFAULTS)', part);
    EXECUTE format('WITH stray AS (DELETE FROM job_history_rest WHERE finished_at >= %L AND finished_at < %L'
        ' RETURNING *) INSERT INTO {schema}.%I SELECT * FROM stray', since, until, part);
    EXECUTE format('ALTER TABLE job_history ATTACH PARTITION {schema}.%I FOR VALUES FROM (%L) TO (%L)',
        part, since, until);
END $$
"""
DROP = """
CREATE FUNCTION arxos_drop_history(keep_s double precision) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {schema}, pg_temp AS $$
DECLARE
    before timestamptz := clock_timestamp() - make_interval(secs => keep_s);
    dropped integer := 0;
    part text;
BEGIN
    IF keep_s IS NULL OR keep_s < 0 THEN
        RAISE EXCEPTION 'keep_s must be at least 0, got %', keep_s USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('job_history'));
    FOR part IN
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'job_history'::regclass AND relname ~ '^job_history_[0-9]{{4}}_[0-9]{{2}}$'
            AND (to_date(right(relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= before
    LOOP
        EXECUTE format('DROP TABLE {schema}.%I', part);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM job_history_rest WHERE finished_at < before;
    RETURN dropped;
END $$
"""
FUNCTIONS = ("arxos_make_history_month(date)", "arxos_drop_history(double precision)")


def upgrade() -> None:
    schema = op.get_bind().scalar(text("SELECT quote_ident(current_schema())"))
    for function in (MAKE, DROP):
        op.execute(function.format(schema=schema))
    for name in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
