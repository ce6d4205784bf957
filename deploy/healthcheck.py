"""Is this container's process at work? `python healthcheck.py worker|relay|flower`: exit 0 or one line why not.

Asks from the outside, where one sees more than that a process exists: a worker must have renewed its lease lately, the
relay must hold its session at the database, Flower must answer.
"""

import os
import platform
import sys
import urllib.request
from collections.abc import Callable, Mapping

import psycopg

LEASE_S = 30  # three times a worker's default lease: one slow moment is no illness

_WORKER = "SELECT max(heartbeat_at) > now() - make_interval(secs => %s) FROM workers WHERE host = %s"
_RELAY = "SELECT true FROM pg_stat_activity WHERE application_name = 'arxos-relay' AND client_addr = inet_client_addr()"


def worker() -> bool:
    """Whether a worker of this host renewed its lease within LEASE_S seconds."""
    return _ask(_WORKER, (LEASE_S, platform.node()))


def relay() -> bool:
    """Whether a relay at this address holds a session at the database."""
    return _ask(_RELAY, ())


def flower() -> bool:
    """Whether Flower answers."""
    port = os.environ.get("ARXOS_FLOWER_PORT", "5555")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthcheck", timeout=3) as answer:
        return bool(answer.status == 200)


CHECKS: Mapping[str, Callable[[], bool]] = {"worker": worker, "relay": relay, "flower": flower}


def main() -> None:
    """Check the process named by the only argument."""
    name = sys.argv[1]
    try:
        healthy = CHECKS[name]()
    except (OSError, psycopg.Error) as error:
        sys.exit(f"{name}: {error}")
    if not healthy:
        sys.exit(f"{name}: no sign of life")


def _ask(question: str, values: tuple[object, ...]) -> bool:
    with psycopg.connect(os.environ["ARXOS_DATABASE_URL"], connect_timeout=3) as connection:
        row = connection.execute(question, values).fetchone()
    return bool(row and row[0])


if __name__ == "__main__":
    main()
