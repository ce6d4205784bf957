"""What the role of processes may do in the database, table by table, and what it may not."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from arxos.domain.errors import InvalidError
from arxos.storage.database import Database
from arxos.storage.database_roles import RoleFacts, rights_on, role_facts
from arxos.storage.migrations import migrate
from tests.faults.ground import Ground, ground_at

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND relowner = 'arxos_owner'::regrole ORDER BY relname
"""
FORBIDDEN = (
    "CREATE TABLE mine ()",
    "CREATE SCHEMA mine",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE INDEX ON jobs (kind)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION pg_trgm",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE OR REPLACE FUNCTION arxos_drop_history(keep_s double precision) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE jobs ADD COLUMN mine int",
    "ALTER TABLE jobs DISABLE TRIGGER ALL",
    "ALTER FUNCTION arxos_drop_history OWNER TO arxos_process",
    "ALTER ROLE arxos_owner PASSWORD 'x'",
    "ALTER SYSTEM SET fsync = off",
    "DROP TABLE jobs",
    "DROP TABLE job_history_rest",
    "TRUNCATE jobs",
    "TRUNCATE operator_actions",
    "UPDATE operator_actions SET actor = 'somebody else'",
    "DELETE FROM operator_actions",
    "DELETE FROM job_history",
    "DELETE FROM job_history_rest",
    "UPDATE alembic_version SET version_num = 'x'",
    "SET ROLE arxos_owner",
    "SET SESSION AUTHORIZATION arxos_owner",
    "SET session_replication_role = replica",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/arxos-never'",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT * FROM pg_authid",
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground_at(tmp_path_factory.mktemp("roles")) as ground:
        yield ground


@pytest.fixture
def process(ground: Ground) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(ground.roles.process_url("template")) as connection:
        yield connection
        connection.rollback()


def test_processes_have_just_the_rights_of_the_table_on_every_table(process: psycopg.Connection[Any]) -> None:
    process.execute("SELECT arxos_make_history_month('2020-02-01')")
    held = "SELECT array(SELECT verb FROM unnest(%s::text[]) AS verb WHERE has_table_privilege(%s, verb))"
    tables = [row[0] for row in process.execute(TABLES)]
    assert {"jobs", "operator_actions", "alembic_version", "job_history_rest", "job_history_2020_02"} <= set(tables)
    for table in tables:
        row = process.execute(held, [list(VERBS), table]).fetchone()
        wanted = [] if table == "job_history_2020_02" else rights_on(table).split(", ")
        assert row == (wanted,), table


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_what_needs_more_rights_is_refused(process: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.ActiveSqlTransaction)):
        process.execute(statement.encode())


def test_history_is_made_written_and_dropped_without_a_right_to_change_the_schema(
    process: psycopg.Connection[Any],
) -> None:
    row = "INSERT INTO job_history (id, kind, queue, state, attempts, created_at, finished_at)"
    at = "2021-05-31T23:59:59Z"
    values = f"{row} VALUES (gen_random_uuid(), 'k', 'q', 'succeeded', 1, now(), %s) RETURNING tableoid::regclass::text"
    assert process.execute(values.encode(), [at]).fetchone() == ("job_history_rest",)
    for _ in range(2):
        process.execute("SELECT arxos_make_history_month('2021-05-17')")
    assert process.execute("SELECT tableoid::regclass::text FROM job_history").fetchall() == [("job_history_2021_05",)]
    assert process.execute(values.encode(), ["2021-06-01T00:00:00Z"]).fetchone() == ("job_history_rest",)
    assert process.execute("SELECT arxos_drop_history(86400)").fetchone() == (1,)
    assert process.execute("SELECT count(*) FROM job_history").fetchone() == (0,)


def test_functions_of_the_owner_are_nobody_elses_to_call(ground: Ground) -> None:
    with psycopg.connect(ground.servers.database_url("template"), autocommit=True) as admin:
        admin.execute("CREATE ROLE stranger")
        for function in ("arxos_make_history_month(date)", "arxos_drop_history(double precision)"):
            assert admin.execute("SELECT has_function_privilege('stranger', %s, 'EXECUTE')", [function]).fetchone() == (
                False,
            )
        admin.execute("DROP ROLE stranger")


def test_rights_given_by_hand_are_taken_back_by_the_next_migration(ground: Ground) -> None:
    url = ground.fresh_database()
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO arxos_process")
        admin.execute("CREATE TABLE newer (id int)")
        admin.execute("ALTER TABLE newer OWNER TO arxos_owner")
        migrate(ground.roles.owner_url(name), "arxos_process")
        held = "SELECT has_table_privilege('arxos_process', %s, %s)"
        assert admin.execute(held, ["jobs", "TRUNCATE"]).fetchone() == (False,)
        assert admin.execute(held, ["operator_actions", "DELETE"]).fetchone() == (False,)
        assert admin.execute(held, ["newer", "INSERT"]).fetchone() == (True,)


def test_a_database_that_a_superuser_migrated_becomes_the_owners(ground: Ground) -> None:
    ground.roles.create_database("older")
    migrate(ground.servers.database_url("older"))
    ground.roles.create_roles("older")
    ground.roles.create_roles("older")
    migrate(ground.roles.owner_url("older"), "arxos_process")
    with psycopg.connect(ground.roles.process_url("older")) as process:
        assert process.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
        process.execute("SELECT arxos_make_history_month('2020-02-01')")


def test_one_role_for_everything_still_works(ground: Ground) -> None:
    ground.roles.create_database("alone")
    migrate(ground.servers.database_url("alone"))
    with psycopg.connect(ground.servers.database_url("alone")) as connection:
        connection.execute("SELECT arxos_make_history_month('2020-02-01'), arxos_drop_history(0)")


def test_migrating_without_the_right_to_says_what_to_set(ground: Ground) -> None:
    ground.roles.create_database("bare")
    ground.roles.create_roles("bare")
    with pytest.raises(InvalidError, match="ARXOS_DATABASE_OWNER_URL"):
        migrate(ground.roles.process_url("bare"))
    with pytest.raises(InvalidError, match='ARXOS_DATABASE_URL: role "unheard_of" does not exist'):
        migrate(ground.roles.owner_url("bare"), "unheard_of")


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("process", RoleFacts("arxos_process", superuser=False, owner=False, sees_all=True)),
        ("owner", RoleFacts("arxos_owner", superuser=False, owner=True, sees_all=False)),
        ("superuser", RoleFacts("arxos", superuser=True, owner=True, sees_all=True)),
    ],
)
def test_a_process_knows_its_role(ground: Ground, who: str, expected: RoleFacts) -> None:
    urls = {
        "process": ground.roles.process_url("template"),
        "owner": ground.roles.owner_url("template"),
        "superuser": ground.servers.database_url("template"),
    }
    database = Database(urls[who])
    assert role_facts(database) == expected
    database.close()
