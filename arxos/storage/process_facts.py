"""Which processes live, and what they tell of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from arxos.storage.database import Connection, Database

# A worker's row outlives it until its jobs are taken back: `lease_s` says who lives.
LIVING = """
SELECT id, pool, version, extract(epoch FROM clock_timestamp() - started_at)::float, clock_skew_s,
    queues, contracts
FROM workers WHERE heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s)
UNION ALL
SELECT id, role, version, extract(epoch FROM clock_timestamp() - started_at)::float, clock_skew_s, '{}', '{}'
FROM services WHERE heartbeat_at > clock_timestamp() - make_interval(secs => %(lease_s)s)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class LivingProcess:
    """A worker, relay or beat whose heartbeat is fresh."""

    id: str
    role: str  # cpu, io, relay, beat
    version: str
    lives_s: float
    skew_s: float | None  # its clock minus the database's; None: it does not tell
    queues: Sequence[str] = ()
    contracts: Mapping[str, int] = field(default_factory=dict)  # of the kinds that a worker knows


def living(database: Database, lease_s: float) -> tuple[LivingProcess, ...]:
    """All of them by id. Raises UnavailableError."""
    with database.connection() as connection:
        return read_living(connection, lease_s)


def read_living(connection: Connection, lease_s: float) -> tuple[LivingProcess, ...]:
    """The same within a transaction."""
    rows = connection.execute(LIVING, {"lease_s": lease_s})
    return tuple(LivingProcess(*row) for row in rows)
