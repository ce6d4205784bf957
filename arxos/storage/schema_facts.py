"""Whether the database's schema is the one that this code expects."""

from dataclasses import dataclass

from arxos.storage.database import Database

CURRENT = "SELECT version_num FROM alembic_version"


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """Where the schema stands. `known`: this code's revisions, the oldest first."""

    current: str | None  # None: not migrated at all
    known: tuple[str, ...]

    @property
    def pending(self) -> tuple[str, ...]:
        """What `arxos migrate` would do."""
        if self.current is None:
            return self.known
        return self.known[self.known.index(self.current) + 1 :] if self.current in self.known else ()

    @property
    def ahead(self) -> bool:
        """Whether newer code has migrated it."""
        return self.current is not None and self.current not in self.known


def schema_facts(database: Database) -> SchemaFacts:
    """Ask the database. Raises UnavailableError."""
    from arxos.storage.migrations import revisions  # noqa: PLC0415 - Alembic takes long to import, and few need it

    with database.connection() as connection:
        exists = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
        row = connection.execute(CURRENT).fetchone() if exists and exists[0] else None
    return SchemaFacts(row[0] if row else None, tuple(revisions()))
