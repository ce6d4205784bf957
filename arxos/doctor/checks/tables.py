"""The ledger's tables: dead rows, and room that holds none."""

from collections.abc import Sequence

from arxos.doctor.finding import Check, Remark, Severity, error, ok, warning
from arxos.storage.table_facts import TableFacts

MANY_DEAD, DEAD_PART = 20_000, 0.5  # of the live ones; both, or a table is in no danger
BLOATED_BYTES, BLOATED_PART = 32 * 1024 * 1024, 0.6
MIB = 1024 * 1024
Tables = Sequence[TableFacts]


def vacuum(tables: Tables) -> list[Remark]:
    """Whether autovacuum may look after each."""
    return [
        one
        for table in tables
        if table.vacuum_off
        for one in error(
            f"autovacuum is switched off for {table.name}: its dead rows pile up",
            f"`ALTER TABLE {table.name} RESET (autovacuum_enabled)`",
            table.name,
        )
    ] or ok("autovacuum looks after every table of the ledger")


def dead_rows(tables: Tables) -> list[Remark]:
    """Whether dead rows are cleared as fast as they come."""
    return [one for table in tables for one in _dead(table)] or ok(
        f"{sum(table.dead for table in tables)} dead rows beside {sum(table.live for table in tables)}"
    )


def bloat(tables: Tables) -> list[Remark]:
    """Whether tables are much larger than what they hold."""
    return [one for table in tables for one in _bloated(table)] or ok(
        "no table of the ledger is much larger than its rows"
    )


def _dead(table: TableFacts) -> list[Remark]:
    if table.dead < MANY_DEAD or table.dead < DEAD_PART * table.live:
        return []
    last = f"{table.vacuumed_s:.0f} s ago" if table.vacuumed_s is not None else "never"
    return warning(
        f"{table.name} has {table.dead} dead rows beside {table.live}; vacuumed {last}",
        f"find what holds vacuum back (database.open_transactions), then `VACUUM (ANALYZE) {table.name}`",
        table.name,
    )


def _bloated(table: TableFacts) -> list[Remark]:
    if table.needed_bytes is None or table.size_bytes < BLOATED_BYTES:
        return []
    unused = 1 - table.needed_bytes / table.size_bytes
    if unused < BLOATED_PART:
        return []
    return warning(
        f"{table.name} takes {table.size_bytes / MIB:.0f} MiB, of which about {unused:.0%} hold no rows",
        f"if it stays so: `VACUUM (FULL) {table.name}` while nothing runs, or pg_repack",
        table.name,
    )


CHECKS: tuple[Check[Tables], ...] = (
    Check("database.table_vacuum", Severity.ERROR, vacuum),
    Check("database.dead_rows", Severity.WARNING, dead_rows),
    Check("database.bloat", Severity.WARNING, bloat),
)
