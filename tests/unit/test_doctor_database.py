"""What the doctor says of PostgreSQL and the ledger's tables, by what these tell."""

from dataclasses import replace

import pytest

from arxos.doctor.checks.server import Reached, blocked_by_schema
from arxos.storage.activity import Holder
from arxos.storage.database_roles import RoleFacts
from arxos.storage.schema_facts import SchemaFacts
from arxos.storage.server_facts import ConnectionFacts, ServerFacts
from arxos.storage.table_facts import TableFacts
from tests.unit.doctor_checks import findings, verdict

ON = dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "track_counts"), "on")
GOOD = ServerFacts(150_004, "15.4", "3.3.2", read_only=False, transaction_age=1000, settings=ON, skew_s=0.01)
TABLE = TableFacts("jobs", 100_000, 100, 30.0, 80 << 20, 60 << 20, vacuum_off=False)
ROOMY = ConnectionFacts(most=100, reserved=3, own_limit=None, in_use=20, ours=15, ours_at_most=60)


def test_a_database_that_is_away_is_an_error_in_its_own_words() -> None:
    assert (
        verdict("database.reachable", Reached("the database does not answer")) == "error: the database does not answer"
    )
    assert verdict("database.reachable", Reached()).startswith("ok")


@pytest.mark.parametrize("check", ["version", "postgis", "writable", "durability", "autovacuum", "transaction_age"])
def test_a_good_server_is_fine(check: str) -> None:
    assert verdict(f"database.{check}", GOOD).startswith("ok")


@pytest.mark.parametrize(("number", "severity"), [(140_012, "error"), (150_000, "ok"), (180_001, "ok")])
def test_postgresql_15_is_the_oldest(number: int, severity: str) -> None:
    assert verdict("database.version", replace(GOOD, version_number=number)).startswith(f"{severity}:")


@pytest.mark.parametrize(("postgis", "severity"), [(None, "error"), ("2.5.5", "warning"), ("3.5.0", "ok")])
def test_a_database_without_postgis_is_told_of(postgis: str | None, severity: str) -> None:
    assert verdict("database.postgis", replace(GOOD, postgis=postgis)).startswith(f"{severity}:")


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        (RoleFacts("arxos_process", superuser=False, owner=False, sees_all=True), "ok"),
        (RoleFacts("arxos_process", superuser=False, owner=False, sees_all=False), "info"),
        (RoleFacts("arxos_owner", superuser=False, owner=True, sees_all=True), "info"),
        (RoleFacts("postgres", superuser=True, owner=True, sees_all=True), "warning"),
    ],
)
def test_processes_that_could_do_more_than_they_need_are_told_of(facts: RoleFacts, severity: str) -> None:
    assert verdict("database.role", facts).startswith(f"{severity}:")


def test_a_replica_is_no_ledger() -> None:
    assert verdict("database.writable", replace(GOOD, read_only=True)).startswith("error")


@pytest.mark.parametrize("off", ["fsync", "full_page_writes", "synchronous_commit"])
def test_what_may_be_forgotten_is_an_error(off: str) -> None:
    facts = replace(GOOD, settings=ON | {off: "off"})
    assert verdict("database.durability", facts).startswith(f"error: {off} off")
    assert verdict("database.autovacuum", facts).startswith("ok")


@pytest.mark.parametrize("off", ["autovacuum", "track_counts"])
def test_dead_rows_that_nobody_clears_are_an_error(off: str) -> None:
    assert verdict("database.autovacuum", replace(GOOD, settings=ON | {off: "off"})).startswith(f"error: {off} off")


@pytest.mark.parametrize(("millions", "severity"), [(499, "ok"), (501, "warning"), (1001, "error")])
def test_the_wraparound_is_seen_from_afar(millions: int, severity: str) -> None:
    facts = replace(GOOD, transaction_age=millions * 1_000_000)
    assert verdict("database.transaction_age", facts).startswith(f"{severity}:")


@pytest.mark.parametrize(
    ("skew_s", "says"),
    [
        (0.0, "ok"),
        (2.0, "ok"),
        (2.1, "warning: this machine's clock is 2.1 s ahead of"),
        (-30.0, "warning: this machine's clock is 30.0 s behind"),
        (31.0, "error"),
        (-600.0, "error"),
    ],
)
def test_a_wrong_clock_is_told_of(skew_s: float, says: str) -> None:
    assert verdict("machine.clock", replace(GOOD, skew_s=skew_s)).startswith(says)


def test_a_schema_that_is_behind_is_an_error_and_one_that_is_ahead_a_warning() -> None:
    known = ("0001", "0002", "0003")
    assert verdict("database.schema", SchemaFacts("0003", known)).startswith("ok")
    assert verdict("database.schema", SchemaFacts("0001", known)).endswith("at revision 0001; pending: 0002, 0003")
    assert verdict("database.schema", SchemaFacts(None, known)).startswith("error: the schema is at revision none")
    assert verdict("database.schema", SchemaFacts("0004", known)).startswith("warning")
    blocked = [blocked_by_schema(SchemaFacts(current, known)) for current in (None, "0001", "0003", "0004")]
    assert [bool(one) for one in blocked] == [True, True, False, False]


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        (ROOMY, "ok"),
        (replace(ROOMY, in_use=78), "warning"),
        (replace(ROOMY, in_use=93), "error"),
        (replace(ROOMY, ours_at_most=93), "warning"),
        (replace(ROOMY, own_limit=24), "warning"),
        (replace(ROOMY, own_limit=10), "error"),
        (replace(ROOMY, reserved=90), "error"),
    ],
)
def test_connections_that_run_out_or_may_run_out_are_told_of(facts: ConnectionFacts, severity: str) -> None:
    assert verdict("database.connections", facts).startswith(f"{severity}:")


def test_transactions_that_hold_vacuum_back_are_told_of_one_by_one() -> None:
    found = findings(
        "database.open_transactions",
        (Holder(7, "psql", "idle in transaction", 7200.0), Holder(0, "moved", "prepared", 400.0)),
    )
    assert [(one.severity, one.subject) for one in found] == [("error", "psql"), ("warning", "moved")]
    assert "pg_terminate_backend(7)" in found[0].advice
    assert "ROLLBACK PREPARED 'moved'" in found[1].advice
    assert verdict("database.open_transactions", ()).startswith("ok")


@pytest.mark.parametrize(
    ("live", "dead", "severity"), [(10, 19_999, "ok"), (10, 20_000, "warning"), (90_000, 40_000, "ok")]
)
def test_dead_rows_count_when_they_are_many_beside_the_living(live: int, dead: int, severity: str) -> None:
    assert verdict("database.dead_rows", [replace(TABLE, live=live, dead=dead)]).startswith(f"{severity}:")


@pytest.mark.parametrize(
    ("size", "needed", "severity"),
    [(80, 60, "ok"), (80, 20, "warning"), (20, 1, "ok"), (80, None, "ok")],
)
def test_room_that_holds_no_rows_counts_when_it_is_much(size: int, needed: int | None, severity: str) -> None:
    facts = replace(TABLE, size_bytes=size << 20, needed_bytes=needed if needed is None else needed << 20)
    assert verdict("database.bloat", [facts]).startswith(f"{severity}:")


def test_a_table_that_autovacuum_leaves_alone_is_an_error() -> None:
    assert verdict("database.table_vacuum", [replace(TABLE, vacuum_off=True)]).startswith(
        "error: autovacuum is switched"
    )
    assert verdict("database.table_vacuum", [TABLE]).startswith("ok")
