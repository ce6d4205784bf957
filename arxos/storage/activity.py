"""What other sessions of the database do to the ledger."""

from dataclasses import dataclass

from arxos.storage.database import Database

# While a transaction is open, no row that died since it began is cleared away, in any table of its database. Those of
# other roles are visible to members of pg_read_all_stats only; prepared ones have no process.
HOLDERS = """
SELECT pid, coalesce(application_name, ''), state, extract(epoch FROM clock_timestamp() - xact_start)::float AS age
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    AND xact_start < clock_timestamp() - make_interval(secs => %(older)s)
UNION ALL
SELECT 0, gid, 'prepared', extract(epoch FROM clock_timestamp() - prepared)::float
FROM pg_prepared_xacts
WHERE database = current_database() AND prepared < clock_timestamp() - make_interval(secs => %(older)s)
ORDER BY age DESC
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A transaction that holds vacuum back. `pid` 0: a prepared one; then `application` is its name."""

    pid: int
    application: str
    state: str
    age_s: float


@dataclass(frozen=True, slots=True)
class Activity:
    """Looks at the other sessions."""

    database: Database

    def holders(self, older_than_s: float) -> list[Holder]:
        """Transactions that began so long ago and are open still, the oldest first. Raises UnavailableError."""
        with self.database.connection() as connection:
            return [Holder(*row) for row in connection.execute(HOLDERS, {"older": older_than_s})]
