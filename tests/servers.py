"""The servers that a test run works on: private ones, started once for all its processes, or those it was given."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.local.private_servers import PrivateServers, stop

RUN_VARIABLE = "TEST_RUN_FOLDER"  # named by the controlling process's pid; the workers of xdist inherit it
REDIS_DATABASES_PER_WORKER = 2  # the broker's and the cache's


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of one PostgreSQL (a role that may create databases and extensions) and one Redis."""

    postgres_url: str
    redis_url: str

    def database_url(self, name: str) -> str:
        """The address of another database of the same server."""
        return _with_path(self.postgres_url, name)

    def redis_database(self, number: int) -> str:
        """The address of another database of the same Redis."""
        return _with_path(self.redis_url, str(number))

    def create_database(self, name: str, template: str | None = None) -> str:
        """A new database, a copy of `template` where one is named; returns its address."""
        copied = sql.SQL("TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self._administer(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), copied))
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, with whoever is still connected to it."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(statement)


def find_or_start(run: Path) -> Servers:
    """The servers named by the environment; for what it does not name, private ones below `run`, started once."""
    given = os.environ.get("ARXOS_DATABASE_URL"), os.environ.get("ARXOS_BROKER_URL")
    if given[0] and given[1]:
        return Servers(given[0], given[1])
    started = _started(run)
    return Servers(given[0] or started.postgres.url(), given[1] or started.redis.url())


def stop_started(run: Path) -> None:
    """End the private servers below `run`, where any were started, and remove the folder."""
    if (guard := run / "guard").exists():
        stop(int(guard.read_text()), run / "servers")
    shutil.rmtree(run, ignore_errors=True)


def worker_number() -> int:
    """0 for a test process on its own or xdist's gw0, 1 for gw1 and so on."""
    return int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "0")))


def _started(run: Path) -> PrivateServers:
    run.mkdir(parents=True, exist_ok=True)
    with _only_one(run / "lock"):
        servers = PrivateServers.at(run / "servers")
        if not (guard := run / "guard").exists():
            guard.write_text(str(servers.start(owner=int(run.name))))
    return servers


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))
