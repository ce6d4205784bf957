"""Servers that live as long as the process that asked for them: for tests and benchmarks.

    python -m deploy.local.private_servers HOME OWNER_PID [--durable]

starts both servers below HOME, prints a line when they answer, and ends them and removes HOME as soon as it is told to
(SIGTERM) or process OWNER_PID is gone, however that died.
"""

import argparse
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.commands import CommandError, wait_until
from deploy.local.ports import keep_ports
from deploy.local.postgres import Postgres
from deploy.local.redis_server import Redis

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class PrivateServers:
    """The two servers below a folder. They may or may not run. The database `arxos` has PostGIS and no tables."""

    postgres: Postgres
    redis: Redis

    @classmethod
    def at(cls, home: Path, *, durable: bool = False) -> "PrivateServers":
        """Those below `home`, at ports chosen at the first call. `durable` false: fast and forgetful, for tests."""
        home.mkdir(parents=True, exist_ok=True)
        ports = keep_ports(home / "ports.json", ("postgres", "redis"))
        return cls(Postgres(home, ports["postgres"], durable), Redis(home, ports["redis"], durable))

    @property
    def home(self) -> Path:
        """The folder of both."""
        return self.postgres.home

    def start(self, owner: int) -> int:
        """Start both in the background, to live as long as process `owner`; return the guard's pid once they answer."""
        command = [sys.executable, "-m", "deploy.local.private_servers", str(self.home), str(owner)]
        with (self.home / "guard.log").open("w") as log:
            guard = subprocess.Popen(
                [*command, *(["--durable"] if self.postgres.durable else [])],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is the owner's affair
                text=True,
            )
        assert guard.stdout is not None  # for mypy: it is a pipe
        with guard.stdout as answer:
            if not answer.readline():
                raise CommandError(f"the servers did not start: {(self.home / 'guard.log').read_text().strip()}")
        guard.returncode = 0  # nobody's child to wait for: under xdist it outlives the worker that started it
        return guard.pid


@contextmanager
def private_servers(home: Path, *, durable: bool = False) -> Iterator[PrivateServers]:
    """Both servers running below `home` for as long as the context lasts; `home` is removed at its end."""
    servers = PrivateServers.at(home, durable=durable)
    guard = servers.start(os.getpid())
    try:
        yield servers
    finally:
        stop(guard, home)


def stop(guard: int, home: Path) -> None:
    """End the servers that `PrivateServers.start` started, and wait until they are gone."""
    os.kill(guard, signal.SIGTERM)
    wait_until(lambda: not home.exists(), what=f"the end of the servers in {home}")
    with suppress(ChildProcessError):  # another process of the test run started it
        os.waitpid(guard, 0)


def _guard(home: Path, owner: int, *, durable: bool) -> None:
    servers = PrivateServers.at(home, durable=durable)
    told_to_stop = os.pidfd_open(owner)
    with ExitStack() as running:
        running.callback(shutil.rmtree, home, ignore_errors=True)
        _start(servers, running)
        servers.postgres.create_database()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        select.select([told_to_stop], [], [])


def _start(servers: PrivateServers, running: ExitStack) -> None:
    for server, stop_signal in ((servers.postgres, signal.SIGINT), (servers.redis, signal.SIGTERM)):
        server.prepare()
        with (servers.home / "servers.log").open("a") as log:
            process = subprocess.Popen(server.command(), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        running.callback(process.wait)
        running.callback(process.send_signal, stop_signal)
    for server in (servers.postgres, servers.redis):
        wait_until(server.answers, what=f"the start of {type(server).__name__}", timeout_s=120)


def _stopped(_signal: int, _frame: object) -> None:
    raise SystemExit(0)  # unwinds the ExitStack


def main() -> None:
    """Guard the servers until their owner is gone."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("home", type=Path)
    arguments.add_argument("owner", type=int)
    arguments.add_argument("--durable", action="store_true")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, _stopped)
    _guard(given.home, given.owner, durable=given.durable)


if __name__ == "__main__":
    main()
