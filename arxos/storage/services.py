"""Processes that do something for all, such as the relay: that they live, and what keeps them from working."""

from dataclasses import dataclass
from datetime import datetime

from arxos.domain.jobs.relay import RelayState
from arxos.storage.database import Connection, Database

KEPT_S = 3600  # how long the row of a dead process tells that there was one

BEAT = """
INSERT INTO services (id, role, host, pid, version, trouble, trouble_since, clock_skew_s)
VALUES (%(id)s, %(role)s, %(host)s, %(pid)s, %(version)s, %(trouble)s,
    clock_timestamp() - make_interval(secs => %(seconds)s),
    extract(epoch FROM %(clock)s::timestamptz - clock_timestamp())::float)
ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), trouble = excluded.trouble,
    trouble_since = excluded.trouble_since, clock_skew_s = excluded.clock_skew_s
"""
FORGET = "DELETE FROM services WHERE heartbeat_at < clock_timestamp() - make_interval(secs => %s)"
# Of several relays the healthiest counts: what one cannot do another does.
RELAYS = """
SELECT count(*) FILTER (WHERE alive),
    extract(epoch FROM clock_timestamp() - max(heartbeat_at))::float,
    (array_agg(trouble ORDER BY trouble_since DESC NULLS FIRST) FILTER (WHERE alive))[1],
    extract(epoch FROM clock_timestamp() - max(trouble_since) FILTER (WHERE alive))::float
FROM (SELECT *, heartbeat_at > clock_timestamp() - make_interval(secs => %s) AS alive
    FROM services WHERE role = 'relay') relays
"""
WAITING = """
SELECT count(*) FROM jobs WHERE state IN ('queued', 'retryable') AND published_at IS NULL
    AND available_at <= clock_timestamp() AND queue NOT IN (SELECT queue FROM queue_pauses)
"""


@dataclass(frozen=True, slots=True)
class Service:
    """One process."""

    id: str
    role: str
    host: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Services:
    """The rows of these processes. Every method raises UnavailableError."""

    database: Database

    def beat(self, service: Service, clock: datetime, trouble: tuple[str, float] | None = None) -> None:
        """It lives. `clock`: what its own shows; `trouble`: what is the matter, and for how many seconds."""
        what, seconds = trouble or (None, None)
        with self.database.connection() as connection:
            connection.execute("SET LOCAL synchronous_commit = off")  # the next one comes in two seconds
            connection.execute(
                BEAT,
                {
                    "id": service.id,
                    "role": service.role,
                    "host": service.host,
                    "pid": service.pid,
                    "version": service.version,
                    "trouble": what,
                    "seconds": seconds,
                    "clock": clock,
                },
            )
            connection.execute(FORGET, [KEPT_S])
            connection.commit()

    def leave(self, service_id: str) -> None:
        """It ends."""
        with self.database.connection() as connection:
            connection.execute("DELETE FROM services WHERE id = %s", [service_id])
            connection.commit()

    def relays(self, lease_s: float) -> RelayState:
        """How the relays are."""
        with self.database.connection() as connection:
            return relay_state(connection, lease_s)


def relay_state(connection: Connection, lease_s: float) -> RelayState:
    """How the relays are; `lease_s`: after how long a silent one counts as dead. Jobs are counted only in trouble."""
    alive, silent_s, trouble, trouble_s = connection.execute(RELAYS, [lease_s]).fetchone() or (0, None, None, None)
    row = connection.execute(WAITING).fetchone() if trouble or not alive else None
    return RelayState(alive, silent_s, trouble, trouble_s or 0.0, row[0] if row else 0)
