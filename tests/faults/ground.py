"""A PostgreSQL and a Redis of a test module's own: to be stopped, killed and started again at will."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

from arxos.storage.migrations import migrate
from deploy.local.commands import wait_until
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.redis_server import Redis
from tests.running import Process
from tests.servers import Servers

# How PostgreSQL is told to stop: https://www.postgresql.org/docs/current/server-shutdown.html
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
KILL = signal.SIGKILL
_numbers = count(1)


class Installed(Protocol):
    """A server that can be prepared and run in the foreground."""

    def prepare(self) -> None: ...
    def command(self) -> list[str]: ...
    def answers(self) -> bool: ...


@dataclass
class Server:
    """One server process. Its port stays the same over all its lives."""

    installed: Installed
    log: Path
    process: Process | None = None

    def start(self, *options: str) -> None:
        """Start and wait until it answers; `options` go behind its usual command, such as ``--appendonly yes``."""
        self.launch(*options)
        wait_until(self.installed.answers, what=f"the start of {type(self.installed).__name__}")

    def launch(self, *options: str) -> None:
        """Start without waiting."""
        with self.log.open("ab") as log:
            command = [*self.installed.command(), *options]
            self.process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait until it is gone; SIGKILL is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def restart(self, how: signal.Signals, *options: str) -> None:
        """Stop in this way and start at once."""
        self.stop(how)
        self.start(*options)


@dataclass
class Ground:
    """Both servers, and a migrated database to copy."""

    home: Path
    postgres: Server = field(init=False)
    redis: Server = field(init=False)
    servers: Servers = field(init=False)
    roles: Postgres = field(init=False)  # addresses of processes and owner

    def __post_init__(self) -> None:
        # Durable: a crash of PostgreSQL must not forget what it has committed, nor Redis what AOF holds.
        postgres = Postgres(self.home, free_port(), durable=True)
        redis = Redis(self.home, free_port(frozenset({postgres.port})), durable=False)
        for installed in (postgres, redis):
            installed.prepare()
        self.postgres = Server(postgres, self.home / "postgres.log")
        self.redis = Server(redis, self.home / "redis.log")
        self.postgres.start()
        self.redis.start()
        self.servers = Servers(postgres.url("postgres"), redis.url())
        postgres.create_database("template")
        postgres.create_roles("template")
        migrate(postgres.owner_url("template"), "arxos_process")
        self.roles = postgres

    def fresh_database(self) -> str:
        """The address of a new, migrated database."""
        return self.servers.create_database(f"faults_{next(_numbers)}", "template")

    def as_process(self, database_url: str) -> str:
        """The same database as the role that processes work as."""
        return self.roles.process_url(database_url.rpartition("/")[2])

    def repair(self, redis_options: Sequence[str] = ()) -> None:
        """Both run and answer, whatever a test left behind."""
        if self.redis.process is None or self.redis.process.poll() is not None:
            self.redis.start(*redis_options)
        if self.postgres.process is None or self.postgres.process.poll() is not None:
            self.postgres.start()


@contextmanager
def ground_at(home: Path) -> Iterator[Ground]:
    """Both servers for as long as the context lasts."""
    ground = Ground(home)
    try:
        yield ground
    finally:
        ground.redis.stop(KILL)
        ground.postgres.stop(FAST)
