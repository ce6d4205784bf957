"""What PostgreSQL tells of itself, for whoever wonders whether it is fit to keep the ledger."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from arxos.storage.database import POOL_SIZE, Connection, Database

OF_A_SERVICE = POOL_SIZE + 1  # connections of a relay, which also listens, or a beat at most
OF_AN_UNTOLD_WORKER = 2 * POOL_SIZE  # of a version that does not tell

SERVER = """
SELECT current_setting('server_version_num')::int, current_setting('server_version'),
    (SELECT extversion FROM pg_extension WHERE extname = 'postgis'),
    pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
    age(datfrozenxid)
FROM pg_database WHERE datname = current_database()
"""
SETTINGS = """
SELECT name, setting FROM pg_settings
WHERE name IN ('autovacuum', 'fsync', 'full_page_writes', 'synchronous_commit', 'track_counts')
"""
# Other roles' sessions show nothing but that they are there. A database's or a role's own limit may be narrower.
CONNECTIONS = """
SELECT current_setting('max_connections')::int,
    (SELECT sum(setting::int)::int FROM pg_settings
        WHERE name IN ('superuser_reserved_connections', 'reserved_connections')),
    (SELECT min(n) FROM (SELECT datconnlimit AS n FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) own WHERE n >= 0),
    (SELECT sum(numbackends)::int FROM pg_stat_database),
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^arxos'),
    (SELECT coalesce(sum(coalesce(connections, %(untold)s)), 0)::int FROM workers
        WHERE heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s))
    + (SELECT count(*)::int * %(service)s FROM services
        WHERE heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s))
"""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One server and this machine's clock beside its clock. `transaction_age`: of the oldest row not frozen yet."""

    version_number: int  # 150004 is 15.4
    version: str
    postgis: str | None
    read_only: bool
    transaction_age: int
    settings: Mapping[str, str]
    skew_s: float  # this machine's clock minus the database's


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """How many sessions there may be, are, and may come to be."""

    most: int
    reserved: int  # for superusers and the like
    own_limit: int | None  # of this database or role; None: none
    in_use: int
    ours: int  # of them
    ours_at_most: int  # what the living processes may open together

    @property
    def usable(self) -> int:
        """For ordinary roles."""
        free = self.most - self.reserved
        return free if self.own_limit is None else min(free, self.own_limit)


def server_facts(database: Database, clock: Callable[[], datetime]) -> ServerFacts:
    """Ask the server; `clock`: this machine's. Raises UnavailableError."""
    with database.connection() as connection:
        row = connection.execute(SERVER).fetchone()
        assert row is not None
        settings: dict[str, str] = dict(connection.execute(SETTINGS).fetchall())
        number, words, postgis, read_only, age = row
        skew_s = _skew_s(connection, clock)
        return ServerFacts(number, words, postgis, read_only, age, settings, skew_s)


def connection_facts(database: Database, lease_s: float) -> ConnectionFacts:
    """Ask the server; processes silent for `lease_s` do not count. Raises UnavailableError."""
    values = {"untold": OF_AN_UNTOLD_WORKER, "service": OF_A_SERVICE, "lease_s": lease_s}
    with database.connection() as connection:
        row = connection.execute(CONNECTIONS, values).fetchone()
    assert row is not None
    return ConnectionFacts(*row)


def _skew_s(connection: Connection, clock: Callable[[], datetime]) -> float:
    """The answer is taken to be as old as half of what asking took."""
    before = clock()
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    after = clock()
    skew: float = (before + (after - before) / 2 - row[0]).total_seconds()
    return skew
