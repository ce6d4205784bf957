"""Starts `arxos` with job kinds that no product should have, and with the broker's patience as short as a test needs.

STRANGE=1 python -m tests.faults.strange nothing worker --pool cpu

STRANGE_VERSION=old is the code before a deploy: it does not know the kind `strange.novel`, and reads payloads of
`strange.grown` only up to contract 1. Without the variable, or with `new`, it is the code after.
"""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from arxos.domain.access import Permission
from arxos.domain.errors import CancelledError, TimedOutError
from arxos.domain.jobs.retry import RetryPolicy
from arxos.tasks import probe
from arxos.tasks.kind import Attempt, Done, JobKind, Payload
from arxos.workers import celery_app
from arxos.workers.executor import Executor
from tests.faults import sabotage

STRANGE = "STRANGE"  # a variable that makes the harness start its processes by this module
VISIBILITY = "STRANGE_VISIBILITY_S"
DYING = "STRANGE_DIES_BEFORE_CLAIM"
VERSION = "STRANGE_VERSION"
SOON = RetryPolicy(base_s=0.1, cap_s=0.2)


class Family(Payload):
    """Whether it works in a call that no signal interrupts, and how many MB its own child takes."""

    deaf: bool = False
    mb: int = 1


class Grown(Payload):
    """What contract 2 added, and the code before refuses."""

    colour: str = ""


class Clearing(Payload):
    """What it does until it is told to stop, where it notes that it was, and whether it goes on all the same."""

    path: str = "/dev/null"
    how: Literal["sleeps", "asks", "deaf", "quick"] = "sleeps"
    goes_on: bool = False


class Handling(Payload):
    """What it does about its soft limit."""

    raises: bool = False


def family(payload: Family, at: Attempt) -> Done:
    """Start a child, and work longer than allowed on the first attempt."""
    if at.number == 1:
        subprocess.Popen([sys.executable, "-c", f"import time; x = b'x' * ({payload.mb} << 20); time.sleep(600)"])
        if payload.deaf:
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
        time.sleep(600)
    return effect(at)


def clearing(payload: Clearing, at: Attempt) -> Done:
    """Work for long; clean up when told to stop."""
    try:
        if payload.how == "deaf":
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
        for _ in range(0 if payload.how == "quick" else 6000):
            if payload.how == "asks":
                at.check()
            time.sleep(0.1)
    except CancelledError:
        Path(payload.path).write_text(str(time.time()))
        if not payload.goes_on:
            raise
    return effect(at)


def handling(payload: Handling, at: Attempt) -> Done:
    """Work longer than the soft limit; then clean up."""
    try:
        if at.number == 1:
            for step in range(6000):
                at.progress(step / 6000)
                time.sleep(0.1)
    except TimedOutError:
        if payload.raises:
            raise
    return effect(at)


def stuck(payload: Payload, at: Attempt) -> Done:
    """Never end, on the first attempt."""
    time.sleep(600 if at.number == 1 else 0)
    return effect(at)


def assassin(payload: Payload, at: Attempt) -> Done:
    """Kill the whole worker: the parent of a pool child, or the process that this thread is of."""
    in_thread = threading.current_thread() is not threading.main_thread()
    os.kill(os.getpid() if in_thread else os.getppid(), signal.SIGKILL)
    time.sleep(600)  # until it is killed, too
    return effect(at)


class HostileError(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("no")


UNTELLABLE: Mapping[str, Callable[[], BaseException]] = {
    "surrogates": lambda: ValueError("\ud800 \udfff"),
    "nul": lambda: ValueError("a\x00b"),
    "raises": HostileError,
    "huge": lambda: ValueError("x" * 10_000_000),
    "lines": lambda: ValueError("x\n" * 1_000_000),
    "cause": lambda: ValueError(UNTELLABLE["huge"]()),
    "name": type("N" * 100_000, (Exception,), {}),
}


class Untellable(Payload):
    """How its error is hard to tell."""

    how: str


def pausing(payload: Payload, at: Attempt) -> Done:
    """Hold the settling transaction of the first attempt open, and ask nothing."""

    def write(uow: Any) -> None:
        uow.probes.add(at.job_id, at.number, "strange")
        time.sleep(600 if at.number == 1 else 0)

    return Done(effect=write)


def untellable(payload: Untellable, at: Attempt) -> Done:
    """Raise, on the first attempt, from far below."""
    if at.number == 1:
        sink(900, UNTELLABLE[payload.how]())
    return effect(at)


def sink(depth: int, error: BaseException) -> None:
    """Raise it this many calls below."""
    if depth == 0:
        raise error from UNTELLABLE["surrogates"]()
    sink(depth - 1, error)


def grown(payload: Payload, at: Attempt) -> Done:
    """Write the effect."""
    return effect(at)


def settling(payload: Payload, at: Attempt) -> Done:
    """Take long to write the effect of the first attempt."""

    def write(uow: Any) -> None:
        uow.probes.add(at.job_id, at.number, "strange")
        if at.number == 1:
            uow.probes._connection.execute("SELECT pg_sleep(3)")

    return Done(effect=write)


def die_once_before_a_claim(flag: Path) -> None:
    """The process that next claims something dies before it does, if this file is there."""
    claim = Executor._claim

    def dying(self: Executor, *arguments: Any) -> Any:
        if flag.exists():
            flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return claim(self, *arguments)

    Executor._claim = dying  # type: ignore[method-assign, assignment]


def effect(at: Attempt) -> Done:
    """The effect of a strange job."""
    return Done(effect=lambda uow: uow.probes.add(at.job_id, at.number, "strange"))


def kind(name: str, payload: type[Payload], run: Any, **settings: Any) -> JobKind[Any]:
    """A strange kind."""
    of_all: dict[str, Any] = {"submit": Permission.SUBMIT, "policy": SOON, "probe": True}
    return JobKind(f"strange.{name}", "maintenance", payload, run, **(of_all | settings))


KINDS = (
    kind("family", Family, family, soft_limit_s=600, hard_limit_s=660, memory_limit_mb=256),
    kind("overtime", Family, family, soft_limit_s=1, hard_limit_s=2),
    kind("clearing", Clearing, clearing, soft_limit_s=600, hard_limit_s=660),
    kind("handling", Handling, handling, soft_limit_s=1, hard_limit_s=600),
    kind("assassin", Payload, assassin),
    kind("settling", Payload, settling),
    kind("pausing", Payload, pausing),
    kind("stuck", Payload, stuck, soft_limit_s=1, hard_limit_s=2),
    kind("untellable", Untellable, untellable),
)
VERSIONS: Mapping[str, tuple[JobKind[Any], ...]] = {
    "old": (kind("grown", Payload, grown),),
    "new": (kind("grown", Grown, grown, contract=2), replace(probe.effect, name="strange.novel")),
}


def main() -> None:
    """Be `arxos`, strangely, and without the mechanism that the first argument names."""
    for one in (*KINDS, *VERSIONS[os.environ.get(VERSION, "new")]):
        setattr(probe, one.name.replace(".", "_"), one)
    if VISIBILITY in os.environ:
        celery_app.TRANSPORT_OPTIONS["visibility_timeout"] = float(os.environ[VISIBILITY])
    if DYING in os.environ:
        die_once_before_a_claim(Path(os.environ[DYING]))
    sabotage.main()


if __name__ == "__main__":
    main()
