"""The whole system under test: relay, workers and whatever a test adds, kept alive as a supervisor would."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from arxos.domain.errors import TransientError
from tests.running import Client, Process, wait_until

ROLES: Mapping[str, tuple[str, ...]] = {
    "relay": ("relay",),
    "worker-cpu": ("worker", "--pool", "cpu", "--concurrency", "2"),
    "worker-io": ("worker", "--pool", "io", "--concurrency", "4"),
}
QUEUE_OF: Mapping[str, str] = {"worker-cpu": "maintenance", "worker-io": "health"}  # one of each pool's
RESTART_AFTER_S = 0.5


@dataclass
class Role:
    """A process that is to run: what died is started again while `wanted`."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    process: Process
    wanted: bool = True


@dataclass
class System(Client):
    """Real processes with the product's own default leases; `sabotage` names a mechanism that they run without."""

    folder: Path = field(kw_only=True)
    sabotage: str | None = field(default=None, kw_only=True)
    of_processes: dict[str, str] = field(default_factory=dict, kw_only=True)  # goes before `variables`, for these alone
    roles: dict[str, Role] = field(default_factory=dict, kw_only=True)
    exits: list[tuple[str, int]] = field(default_factory=list, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()

    @property
    def processes(self) -> dict[str, Process]:
        """The present process of each role."""
        return {name: role.process for name, role in self.roles.items()}

    def start(self, name: str, command: Sequence[str] = (), **variables: str) -> Process:
        """Start a role and keep it alive. `command`: the arguments of `arxos`, by default those usual for the name."""
        words = tuple(command) or ROLES[name]
        with self._lock:
            self.roles[name] = Role(words, variables, self._spawn(name, words, variables))
        return self.roles[name].process

    def retire(self, name: str) -> Process:
        """Start this role no more; the caller ends its process."""
        with self._lock:
            self.roles[name].wanted = False
        return self.roles[name].process

    def ready(self, within_s: float = 60.0) -> None:
        """Wait until every worker announced itself, and a job went through each queue of the pools at work."""
        for name, role in self.roles.items():
            if role.command[0] == "worker":
                alive = "SELECT count(*) FROM workers WHERE pid = %s"
                wait_until(lambda: self.sql(alive, self.processes[name].pid) == [(1,)], f"{name} ready", within_s)  # noqa: B023
        pools = {
            role.command[role.command.index("--pool") + 1] for role in self.roles.values() if "--pool" in role.command
        }
        for queue, pool in (("maintenance", "cpu"), ("health", "io")):
            if pool in pools and "relay" in self.roles:
                self.reaches(self.submit("probe.noop", queue=queue), within_s=within_s)

    def burst(
        self, count: int, *, seconds: float = 0.0, queue: str = "maintenance", batch: int | None = None, **fields: Any
    ) -> list[UUID]:
        """Insert `count` jobs probe.effect, each of which sleeps `seconds` and then writes its row; returns their ids.

        `batch`: how many may share a message; by default as the kind says: many where `seconds` is 0, else each alone.
        """
        jobs = [self.job("probe.effect", key=str(n), seconds=seconds, queue=queue, **fields) for n in range(count)]
        return self.insert(*(jobs if batch is None else [replace(job, batch=batch) for job in jobs]))

    def patient(self, within_s: float = 60.0) -> "Patient":
        """Calls that are repeated while a server is away."""
        return Patient(self, within_s)

    def arxos(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """A command that is to end by itself."""
        command = [sys.executable, "-m", "arxos.cli.main", *arguments]
        environment = os.environ | self._given(variables)
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def log(self, name: str) -> str:
        """What the role's processes have said so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        """End everything, by its pid."""
        self._ending.set()
        self._keeper.join(10)
        processes = [role.process for role in self.roles.values() if role.process.poll() is None]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(20)
        self.runtime.database.close()

    def _given(self, variables: Mapping[str, str]) -> dict[str, str]:
        return {**self.variables, **self.of_processes, **variables}

    def _spawn(self, name: str, words: Sequence[str], variables: Mapping[str, str]) -> Process:
        launcher = ["tests.faults.sabotage", self.sabotage] if self.sabotage else ["arxos.cli.main"]
        if "STRANGE" in self._given(variables):  # see strange.py
            launcher = ["tests.faults.strange", self.sabotage or "nothing"]
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", *launcher, *words]
            return subprocess.Popen(command, env={**os.environ, **self._given(variables)}, stdout=log, stderr=log)

    def _keep(self) -> None:
        """Start again what ended, a little later, as supervisord and container engines do."""
        while not self._ending.wait(0.1):
            with self._lock:
                ended = [(name, role) for name, role in self.roles.items() if role.process.poll() is not None]
            for name, role in ended:
                if role.wanted and not self._ending.wait(RESTART_AFTER_S):
                    self.exits.append((name, role.process.returncode))
                    with self._lock:
                        role.process = self._spawn(name, role.command, role.variables)


@dataclass(frozen=True, slots=True)
class Patient:
    """The system's ledger, asked again and again while it cannot answer."""

    system: System
    within_s: float

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            deadline = time.monotonic() + self.within_s
            while time.monotonic() < deadline:
                with suppress(TransientError):
                    return getattr(self.system, name)(*arguments, **options)
                time.sleep(0.1)
            return getattr(self.system, name)(*arguments, **options)

        return call
