"""What the tests do to PostgreSQL: hold its statements at some moment, take its connections, fill its disk."""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg

from deploy.local.unprivileged import give_to_unprivileged
from tests.faults.ground import Ground, Server
from tests.faults.system import System
from tests.running import wait_until

BACK_S = 30.0  # within which everything recovers once PostgreSQL is back
WORKERS = ("arxos-worker-cpu", "arxos-worker-io")  # as sessions are named

# Moment → the table that it changes, and how.
MOMENTS = {
    "claim": ("jobs", "OLD.state <> 'running' AND NEW.state = 'running' AND NEW.kind = 'probe.effect'"),
    "settle": ("jobs", "OLD.state = 'running' AND NEW.state = 'succeeded' AND NEW.kind = 'probe.effect'"),
    "heartbeat": ("workers", "true"),
}
LOCK = 4711  # advisory: held by the test, waited for in the trigger; who holds it no more lets everybody go


def restart(server: Server, how: signal.Signals) -> None:
    """End it and start it until it answers: a killed one's orphans keep its memory for a moment."""
    server.stop(how)

    def answers() -> bool:
        if server.process is None or server.process.poll() is not None:
            server.launch()
        return server.installed.answers()

    wait_until(answers, "PostgreSQL is back", BACK_S)


@contextmanager
def held_at(system: System, moment: str) -> Iterator[None]:
    """Statements stop there, in the middle of a transaction, until the context ends or the server does."""
    table, change = MOMENTS[moment]
    raising(system, table, change, f"PERFORM pg_advisory_xact_lock_shared({LOCK})")
    with connect(system) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield


def raising(system: System, table: str, change: str, body: str) -> None:
    """A trigger that does this before each such change of a row; no change named: before each updating statement."""
    level = f"EACH ROW WHEN ({change})" if change else "EACH STATEMENT"
    system.execute(
        f"CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NEW; END $$"
    )
    system.execute(f"CREATE TRIGGER fault BEFORE UPDATE ON {table} FOR {level} EXECUTE FUNCTION fault()")


def all_held(system: System, applications: Sequence[str] = WORKERS) -> None:
    """Wait until sessions of each of these are in the middle of it."""
    held = (
        "SELECT count(DISTINCT application_name) FROM pg_stat_activity"
        " WHERE wait_event = 'advisory' AND state = 'active' AND application_name = ANY(%s)"
    )
    wait_until(lambda: system.sql(held, list(applications)) == [(len(applications),)], "all in the middle of it", 20)


def connect(system: System, **options: Any) -> "psycopg.Connection[Any]":
    """A session of the test's own, past any proxy."""
    return psycopg.connect(system.variables["ARXOS_DATABASE_URL"], autocommit=True, **options)


def outcomes(system: System) -> set[str]:
    """How attempts have ended."""
    return {row[0] for row in system.patient().sql("SELECT DISTINCT outcome FROM attempts")}


def none_burned(system: System) -> bool:
    """Whether no attempt was lost or failed: what it might have cost, each job has left."""
    burned = "SELECT count(*) FROM jobs WHERE lost > 0 OR attempt - 1 > max_attempts - (policy->>'max_attempts')::int"
    return not outcomes(system) & {"lost", "failed"} and bool(system.patient().sql(burned) == [(0,)])


def refused(system: System, *, lines: int = 1, **variables: str) -> str:
    """What a submission on the command line is told, in one line, when it is not accepted."""
    jobs = system.variables["ARXOS_BLOB_URL"].removeprefix("file://") + ".jsonl"
    Path(jobs).write_text('{"kind": "probe.effect", "payload": {"key": "refused"}}\n' * lines)
    done = system.arxos("submit", "--jsonl", jobs, **variables)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def terminate(system: System, *, but: int = 0) -> None:
    """End every other session of this database."""
    with suppress(psycopg.OperationalError), connect(system) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> ALL(%s) AND pid <> pg_backend_pid()",
            [[but]],
        )


@contextmanager
def all_connections_taken(ground: Ground, system: System) -> Iterator[None]:
    """Nobody of the system has one, nor gets one."""
    system.runtime.database.close()
    with ExitStack() as taken:
        admin = taken.enter_context(psycopg.connect(ground.servers.postgres_url, autocommit=True))
        ours = "FROM pg_stat_activity WHERE application_name ~ '^arxos'"
        deadline = time.monotonic() + 20
        while admin.execute(f"SELECT count(*) {ours}".encode()).fetchone() != (0,):
            assert time.monotonic() < deadline, "the system keeps connections"
            admin.execute(f"SELECT pg_terminate_backend(pid) {ours}".encode())
            with suppress(psycopg.OperationalError):
                while True:  # what they had is taken at once
                    taken.enter_context(psycopg.connect(ground.servers.postgres_url))
        yield


@contextmanager
def database_on_a_small_disk(ground: Ground, megabytes: int) -> Iterator[tuple[Path, str]]:
    """A disk of its own, and the address of a database on it. Raises CalledProcessError where it may not be mounted."""
    folder = Path(mkdtemp())  # where the server's user may go: it asks by access(2), which knows no capabilities
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        folder.rmdir()
        raise
    give_to_unprivileged(folder)
    with psycopg.connect(ground.servers.postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{folder}'".encode())
        admin.execute("CREATE DATABASE full_disk TEMPLATE template TABLESPACE small")
        try:
            yield folder, ground.servers.database_url("full_disk")
        finally:
            admin.execute("DROP DATABASE full_disk WITH (FORCE)")
            admin.execute("DROP TABLESPACE small")
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
            folder.rmdir()


def fill(folder: Path) -> Path:
    """Leave no room on this file system; returns what takes it."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(b"\0" * 512)
    return filler
