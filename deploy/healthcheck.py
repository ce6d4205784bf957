"""Is a process at work? `python healthcheck.py worker|relay|beat|ingress|api|flower`: exit 0, or 1 and why not.

Asks from the outside, where one sees more than that a process exists: a worker must have renewed its lease lately, the
relay must hold its session at the database, the beat must have ticked lately, what serves HTTP must answer. In a
container there is only one process of a kind; on a machine with several the pid says which.
"""

import argparse
import os
import platform
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

LEASE_S = 30  # three times a worker's default lease: one slow moment is no illness

_WORKER = """
SELECT max(heartbeat_at) > now() - make_interval(secs => %s) FROM workers
WHERE host = %s AND (pid = %s OR %s::int IS NULL)
"""
_RELAY = "SELECT true FROM pg_stat_activity WHERE application_name = 'arxos-relay' AND client_addr = inet_client_addr()"
_SERVICE = """
SELECT max(heartbeat_at) > now() - make_interval(secs => %s) FROM services
WHERE role = %s AND host = %s AND (pid = %s OR %s::int IS NULL)
"""


def worker(pid: int | None) -> bool:
    """Whether a worker of this host renewed its lease within LEASE_S seconds: that of this pid, or any."""
    return _ask(_WORKER, (LEASE_S, platform.node(), pid, pid))


def relay(_pid: int | None) -> bool:
    """Whether a relay at this address holds a session at the database."""
    return _ask(_RELAY, ())


def beat(pid: int | None) -> bool:
    """Whether a beat of this host ticked within LEASE_S seconds: that of this pid, or any."""
    return _ask(_SERVICE, (LEASE_S, "beat", platform.node(), pid, pid))


def ingress(pid: int | None) -> bool:
    """Whether an ingress of this host was heard of within LEASE_S seconds: that of this pid, or any."""
    return _ask(_SERVICE, (LEASE_S, "ingress", platform.node(), pid, pid))


def api(_pid: int | None) -> bool:
    """Whether the HTTP interface answers."""
    return _answers(os.environ.get("ARXOS_API_PORT", "8000"), "/health/live")


def flower(_pid: int | None) -> bool:
    """Whether Flower answers."""
    return _answers(os.environ.get("ARXOS_FLOWER_PORT", "5555"), "/healthcheck")


CHECKS: Mapping[str, Callable[[int | None], bool]] = {
    "worker": worker,
    "relay": relay,
    "beat": beat,
    "ingress": ingress,
    "api": api,
    "flower": flower,
}


def main() -> None:
    """Check the process named, again and again for as long as --wait says."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("name", choices=CHECKS)
    arguments.add_argument("--pid", type=int)
    arguments.add_argument("--wait", type=float, default=0.0, metavar="SECONDS")
    given = arguments.parse_args()
    deadline = time.monotonic() + given.wait
    while illness := _illness(given.name, given.pid):
        if time.monotonic() >= deadline:
            sys.exit(f"{given.name}: {illness}")
        time.sleep(0.1)


def _illness(name: str, pid: int | None) -> str | None:
    try:
        return None if CHECKS[name](pid) else "no sign of life"
    except KeyError as error:
        return f"{error.args[0]} is not set"
    except (OSError, ValueError, psycopg.Error) as error:
        return str(error)


def _secret(variable: str) -> str:
    """Of the environment, or of the file that `…_FILE` names, which goes first: as the processes read it."""
    if path := os.environ.get(f"{variable}_FILE"):
        return Path(path).read_text().strip()
    return os.environ[variable]


def _answers(port: str, path: str) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
        return bool(answer.status == 200)


def _ask(question: str, values: tuple[object, ...]) -> bool:
    with psycopg.connect(_secret("ARXOS_DATABASE_URL"), connect_timeout=3) as connection:
        row = connection.execute(question, values).fetchone()
    return bool(row and row[0])


if __name__ == "__main__":
    main()
