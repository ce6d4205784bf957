"""PostgreSQL itself: whether it is fit to keep the ledger."""

from dataclasses import dataclass

from arxos.doctor.finding import Check, Remark, Severity, error, info, ok, warning
from arxos.storage.activity import Holder
from arxos.storage.database_roles import RoleFacts
from arxos.storage.schema_facts import SchemaFacts
from arxos.storage.server_facts import ConnectionFacts, ServerFacts

OLDEST_NUMBER = 150_000
OLDEST_POSTGIS = 3
OLD_AGE, OLDEST_AGE = 500_000_000, 1_000_000_000  # transactions; at 2^31 the server refuses to write
FULL, NEARLY_FULL = 0.95, 0.8  # of the connections
OPEN_FOR_LONG_S = 3600.0
SKEW_S, WRONG_S = 2.0, 30.0


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether the database answers; `problem`: why not."""

    problem: str | None = None


def reachable(reached: Reached) -> list[Remark]:
    """Whether it answers."""
    if reached.problem:
        return error(reached.problem, "start it, or correct ARXOS_DATABASE_URL; nothing is accepted without it")
    return ok("the database answers")


def version(facts: ServerFacts) -> list[Remark]:
    """Whether it is new enough."""
    if facts.version_number < OLDEST_NUMBER:
        return error(f"PostgreSQL {facts.version} is too old", "use PostgreSQL 15 or newer")
    return ok(f"PostgreSQL {facts.version}")


def postgis(facts: ServerFacts) -> list[Remark]:
    """Whether it can keep shapes."""
    if facts.postgis is None:
        return error("PostGIS is not in this database", "install PostGIS on the server, then `arxos migrate`")
    if int(facts.postgis.split(".")[0]) < OLDEST_POSTGIS:
        return warning(f"PostGIS {facts.postgis} is old", "use PostGIS 3 or newer")
    return ok(f"PostGIS {facts.postgis}")


def writable(facts: ServerFacts) -> list[Remark]:
    """Whether it takes writes."""
    if facts.read_only:
        return error("the database is read-only", "let ARXOS_DATABASE_URL lead to the primary")
    return ok("the database takes writes")


def durability(facts: ServerFacts) -> list[Remark]:
    """Whether what it has accepted outlives a crash."""
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if facts.settings.get(name) == "off"]
    if off:
        return error(f"{', '.join(off)} off: a crash forgets accepted jobs, or spoils the ledger", "switch it on")
    return ok("what is committed is on disk")


def autovacuum(facts: ServerFacts) -> list[Remark]:
    """Whether dead rows are cleared away."""
    off = [name for name in ("autovacuum", "track_counts") if facts.settings.get(name) == "off"]
    if off:
        return error(f"{', '.join(off)} off: dead rows pile up, and claims get slower and slower", "switch it on")
    return ok("autovacuum is on")


def transaction_age(facts: ServerFacts) -> list[Remark]:
    """How far it is to the wraparound."""
    seen = f"the oldest row is {facts.transaction_age / 1e6:,.0f} million transactions old"
    advice = "find what holds vacuum back (database.open_transactions), then `VACUUM (FREEZE)`"
    if facts.transaction_age > OLD_AGE:
        return error(seen, advice) if facts.transaction_age > OLDEST_AGE else warning(seen, advice)
    return ok(seen)


def clock(facts: ServerFacts) -> list[Remark]:
    """Whether this machine's clock goes as the database's does."""
    return skew("this machine's clock", facts.skew_s) or ok(f"this machine's clock is {abs(facts.skew_s):.1f} s off")


def role(facts: RoleFacts) -> list[Remark]:
    """Whether processes have fewer rights than the schema's owner."""
    advice = "create the roles of deploy/postgres/roles.sql and connect as arxos_process (docs/deploy.md)"
    if facts.superuser:
        return warning(f"processes work as {facts.name}, a superuser: whoever gets one of them gets the server", advice)
    if facts.owner:
        return info(f"processes work as {facts.name}, which owns the schema and may change it", advice)
    if not facts.sees_all:
        grant = f"`GRANT pg_read_all_stats TO {facts.name}`"
        return info(f"{facts.name} does not see who else keeps a transaction open", grant)
    return ok(f"processes work as {facts.name}, which may not change the schema")


def skew(whose: str, seconds: float, subject: str | None = None) -> list[Remark]:
    """What a clock's distance from the database's means; nothing where it is small."""
    seen = f"{whose} is {abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} the database's"
    advice = "let NTP (chrony, systemd-timesyncd) keep the clocks of both machines"
    if abs(seconds) <= SKEW_S:
        return []
    return error(seen, advice, subject) if abs(seconds) > WRONG_S else warning(seen, advice, subject)


def schema(facts: SchemaFacts) -> list[Remark]:
    """Whether this code and the schema fit each other."""
    if facts.ahead:
        return warning(
            f"the schema is at revision {facts.current}, which this code does not know: newer code has migrated it",
            "fine during a deploy; else bring the processes to the newer version",
        )
    if facts.pending:
        pending = ", ".join(facts.pending)
        return error(f"the schema is at revision {facts.current or 'none'}; pending: {pending}", "run `arxos migrate`")
    return ok(f"the schema is at revision {facts.current}")


def blocked_by_schema(facts: SchemaFacts) -> str | None:
    """Why the ledger cannot be looked at."""
    return "the schema is behind this code" if facts.pending else None


def connections(facts: ConnectionFacts) -> list[Remark]:
    """Whether there is room for sessions: now, and when the living processes open all that they may."""
    usable = max(1, facts.usable)
    seen = f"{facts.in_use} of {facts.usable} connections are in use"
    advice = "raise max_connections, start fewer workers, or put a pooler (session mode) before it"
    if facts.in_use > FULL * usable:
        return error(seen, advice)
    if facts.in_use > NEARLY_FULL * usable:
        return warning(seen, advice)
    together = facts.in_use - facts.ours + max(facts.ours, facts.ours_at_most)
    if together > usable:
        return warning(f"{seen}, but the living processes may open {facts.ours_at_most}", advice)
    return ok(f"{seen}; the living processes may open {facts.ours_at_most}")


def open_transactions(facts: tuple[Holder, ...]) -> list[Remark]:
    """Who keeps dead rows from being cleared away."""
    return [_holder(one) for one in facts] or ok("no transaction is open for long")


def _holder(one: Holder) -> Remark:
    severity = Severity.ERROR if one.age_s > OPEN_FOR_LONG_S else Severity.WARNING
    name = one.application or "unnamed"
    if one.pid == 0:
        seen, advice = f"prepared transaction {name} is open", f"`COMMIT PREPARED` or `ROLLBACK PREPARED '{name}'`"
    else:
        seen = f"{name} (pid {one.pid}, {one.state}) has a transaction open"
        advice = f"end it there, or `SELECT pg_terminate_backend({one.pid})`"
    return Remark(severity, f"{seen} for {one.age_s:.0f} s: no dead row is cleared away meanwhile", advice, name)


ROLE: tuple[Check[RoleFacts], ...] = (Check("database.role", Severity.WARNING, role),)
REACH: tuple[Check[Reached], ...] = (Check("database.reachable", Severity.ERROR, reachable),)
SERVER: tuple[Check[ServerFacts], ...] = (
    Check("database.version", Severity.ERROR, version),
    Check("database.postgis", Severity.ERROR, postgis),
    Check("database.writable", Severity.ERROR, writable),
    Check("database.durability", Severity.ERROR, durability),
    Check("database.autovacuum", Severity.ERROR, autovacuum),
    Check("database.transaction_age", Severity.ERROR, transaction_age),
    Check("machine.clock", Severity.ERROR, clock),
)
OPEN: tuple[Check[tuple[Holder, ...]], ...] = (Check("database.open_transactions", Severity.ERROR, open_transactions),)
SCHEMA: tuple[Check[SchemaFacts], ...] = (Check("database.schema", Severity.ERROR, schema),)
CONNECTIONS: tuple[Check[ConnectionFacts], ...] = (Check("database.connections", Severity.ERROR, connections),)
