"""Run by Alembic: a transaction a revision, one migrator at a time."""

import time

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from arxos.storage.database_roles import grant_rights
from arxos.storage.migrations import LOCK, sqlalchemy_url


def _wait_for_turn(connection: Connection) -> None:
    """By asking again and again: who waited in one statement would be waited for by CREATE INDEX CONCURRENTLY."""
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
        connection.commit()
        time.sleep(0.2)
    connection.commit()


engine = create_engine(sqlalchemy_url(context.config.attributes["database_url"]), poolclass=NullPool)
with engine.connect() as connection:
    _wait_for_turn(connection)  # the lock goes with the connection
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    if role := context.config.attributes.get("process_role"):
        grant_rights(connection.connection.driver_connection, role)  # type: ignore[arg-type]  # psycopg's own
        connection.connection.commit()
