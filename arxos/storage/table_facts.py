"""In what shape the ledger's tables are: dead rows, and room that holds none."""

from dataclasses import dataclass

from arxos.storage.database import Database

LEDGER = ("jobs", "attempts", "job_edges", "workers", "services", "operator_actions", "quarantine", "schedules")

# What the live rows would take: the columns' average widths, 28 bytes for each row's header and its pointer, 8 for
# what alignment wastes; 24 of a page's 8192 bytes are its header. An estimate; None before the first ANALYZE.
TABLES = """
SELECT c.relname, coalesce(s.n_live_tup, 0), coalesce(s.n_dead_tup, 0),
    extract(epoch FROM clock_timestamp() - greatest(s.last_autovacuum, s.last_vacuum))::float,
    pg_relation_size(c.oid), (c.reltuples * (width.bytes + 36) / (8192 - 24) * 8192)::bigint,
    coalesce('autovacuum_enabled=false' = ANY(c.reloptions), false)
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
CROSS JOIN LATERAL (SELECT sum((1 - null_frac) * avg_width) AS bytes FROM pg_stats
    WHERE pg_stats.tablename = c.relname AND pg_stats.schemaname = c.relnamespace::regnamespace::text) width
WHERE c.oid = ANY(SELECT to_regclass(name) FROM unnest(%s::text[]) AS names (name)) ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One table, by the statistics that PostgreSQL keeps of it."""

    name: str
    live: int
    dead: int
    vacuumed_s: float | None  # how long ago; None: never
    size_bytes: int
    needed_bytes: int | None  # what its live rows would take, about
    vacuum_off: bool  # autovacuum leaves this table alone


def table_facts(database: Database) -> tuple[TableFacts, ...]:
    """The ledger's tables by name. Raises UnavailableError."""
    with database.connection() as connection:
        return tuple(TableFacts(*row) for row in connection.execute(TABLES, [list(LEDGER)]))
