"""No column holds a time that no door takes; what older versions have let in is moved when the schema is brought up."""

from typing import Any

import psycopg
import pytest
from alembic import command

from arxos.domain.errors import InvalidError
from arxos.domain.moments import END, FIRST
from arxos.storage.database import Database
from arxos.storage.migrations import _config, migrate, revisions
from tests.builders import new_job
from tests.moments import REFUSED
from tests.worlds import PostgresWorld

# Of partitions' ranges, of rows that are made of rows of `jobs`, and of the probes' own table.
UNBOUNDED = {"job_history", "job_history_rest", "probe_effects"}
COLUMNS = """
SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE atttypid = 'timestamptz'::regtype AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
    AND attnum > 0 AND NOT attisdropped
"""


def test_every_time_of_every_table_is_bound(postgres: PostgresWorld) -> None:
    checks: dict[str, str] = dict(
        postgres.sql(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname LIKE '%%_moments' AND convalidated"
        )
    )
    unbound = {
        f"{table}.{column}"
        for table, column in postgres.sql(COLUMNS)
        if table not in UNBOUNDED
        and not (
            f"({column} >= '{FIRST:%Y-%m-%d}" in checks.get(table, "") and f"({column} < '{END:%Y}" in checks[table]
        )
    }
    assert unbound == set()


# PostgreSQL reads a time without a zone as one of the session's, which is UTC.
STORED_MOMENTS = [text for name, text in REFUSED.items() if text[4:5] == "-" and name != "without a zone"]


@pytest.mark.parametrize("column", ["available_at", "deadline"])
@pytest.mark.parametrize("moment", ["infinity", "-infinity", *STORED_MOMENTS])
def test_a_ledger_refuses_other_times(postgres: PostgresWorld, column: str, moment: str) -> None:
    [job_id] = postgres.insert(new_job())
    with pytest.raises(InvalidError, match="jobs_moments"):
        postgres.sql(f"UPDATE jobs SET {column} = %s WHERE id = %s", moment, job_id)


def test_what_older_versions_let_in_is_moved_and_noted(database: str) -> None:
    known = revisions()
    command.downgrade(_config(database), known[known.index("0018") - 1])
    with psycopg.connect(database, autocommit=True) as connection:
        for due, deadline in (
            ("-infinity", "infinity"),
            ("2026-01-01Z", None),
            ("9999-12-31 23:59:59-05", "2026-01-01Z"),
        ):
            connection.execute(
                "INSERT INTO jobs (id, kind, queue, state, max_attempts, policy, available_at, deadline)"
                " VALUES (gen_random_uuid(), 'probe.noop', 'q', 'queued', 3, '{}', %s, %s)",
                [due, deadline],
            )
    migrate(database)
    rows = _rows(database, "SELECT available_at, deadline FROM jobs")
    assert all(FIRST <= one < END for row in rows for one in row if one is not None)
    assert [row[1] for row in rows].count(None) == 1
    notes = _rows(database, "SELECT details FROM operator_actions WHERE action = 'clamp_times'")
    assert {"available_at": "-infinity", "deadline": "infinity"} in [note[0] for note in notes]
    assert len(notes) == 2
    migrate(database)


def _rows(url: str, query: str) -> list[Any]:
    database = Database(url, size=1)
    with database.connection() as connection:
        rows = connection.execute(query.encode()).fetchall()
    database.close()
    return rows
