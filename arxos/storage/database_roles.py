"""Rights of the role that processes work as: it reads and writes rows, and changes no schema."""

from dataclasses import dataclass
from typing import Final

from psycopg import Connection, conninfo, sql
from psycopg.rows import TupleRow

from arxos.storage.database import Database

ROWS: Final = "SELECT, INSERT, UPDATE, DELETE"
# Less where less does: what operators did is only added to; history is dropped by a function of the owner.
LESS: Final = {
    "alembic_version": "SELECT",
    "operator_actions": "SELECT, INSERT",
    "job_history": "SELECT, INSERT",
}
HISTORY: Final = "job_history_"  # its partitions: written through job_history alone
# The owner's own, and what belongs to no extension. Sequences: of identity columns.
RELATIONS = """
SELECT relname, relkind FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relowner = current_user::regrole
    AND relkind IN ('r', 'p', 'v', 'S')
    AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
ORDER BY relname
"""
FUNCTIONS = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole AND prosecdef ORDER BY 1
"""


ROLE = """
SELECT current_user::text, rolsuper,
    EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('jobs') AND pg_has_role(current_user, relowner, 'USAGE')),
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
FROM pg_roles WHERE rolname = current_user
"""


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """As whom a process works. `owner`: it may change the schema; `sees_all`: also what other roles' sessions do."""

    name: str
    superuser: bool
    owner: bool
    sees_all: bool


def role_facts(database: Database) -> RoleFacts:
    """Ask the server. Raises UnavailableError."""
    with database.connection() as connection:
        row = connection.execute(ROLE).fetchone()
    assert row is not None
    return RoleFacts(*row)


def role_of(database_url: str) -> str | None:
    """Who connects with this address; None where it names nobody."""
    user = conninfo.conninfo_to_dict(database_url).get("user")
    return None if user is None else str(user)


def rights_on(table: str) -> str:
    """What processes may do with this table's rows."""
    return "SELECT" if table.startswith(HISTORY) else LESS.get(table, ROWS)


def grant_rights(connection: Connection[TupleRow], role: str) -> None:
    """Give `role` just these rights on what the connected role owns, within the open transaction. Safe to repeat.

    Raises psycopg.errors.UndefinedObject where there is no such role.
    """
    row = connection.execute("SELECT current_schema()").fetchone()
    schema, to = sql.Identifier(str(row[0] if row else "public")), sql.Identifier(role)
    connection.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM {}").format(schema, to))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, to))
    for name, kind in connection.execute(RELATIONS).fetchall():
        _grant_on_relation(connection, name, kind, to)
    for (function,) in connection.execute(FUNCTIONS).fetchall():  # as PostgreSQL itself writes it
        connection.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), to))


def _grant_on_relation(connection: Connection[TupleRow], name: str, kind: str, to: sql.Identifier) -> None:
    what, rights = ("SEQUENCE", "USAGE, SELECT") if kind == "S" else ("TABLE", rights_on(name))
    words = {"what": sql.SQL(what), "rights": sql.SQL(rights), "name": sql.Identifier(name), "to": to}
    connection.execute(sql.SQL("REVOKE ALL ON {what} {name} FROM {to}").format(**words))
    connection.execute(sql.SQL("GRANT {rights} ON {what} {name} TO {to}").format(**words))
