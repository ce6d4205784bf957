"""Probe kinds: jobs whose behaviour is ordered by their payload, for tests, canaries and benchmarks."""

import ctypes
import os
import signal
import time
from enum import StrEnum

from pydantic import Field

from arxos.domain.access import Permission
from arxos.domain.errors import PermanentError, TransientError
from arxos.domain.jobs.retry import RetryPolicy
from arxos.tasks.kind import Attempt, Done, Payload, job_kind

QUEUE = "maintenance"
MANY = 200  # light jobs in one message
HOARD_MB, STEP_MB = 2048, 8
SOON = RetryPolicy(base_s=0.2, cap_s=5.0)


class Nothing(Payload):
    """No fields."""


class Sleep(Payload):
    """How long to sleep."""

    seconds: float = Field(ge=0, le=3600)


class Effect(Payload):
    """The key of the row to insert, and how long to sleep before."""

    key: str = Field(min_length=1, max_length=200)
    seconds: float = Field(default=0, ge=0, le=3600)


class Fail(Payload):
    """How many of the first attempts raise, and whether the error is permanent."""

    times: int = Field(ge=0)
    permanent: bool = False


class How(StrEnum):
    """Ways for a process to die."""

    KILL = "kill"
    EXIT = "exit"
    SEGFAULT = "segfault"
    OOM = "oom"


class Crash(Payload):
    """How the first `times` attempts kill their process."""

    how: How
    times: int = Field(ge=0)


class Steps(Payload):
    """How many steps, over how many seconds in all."""

    steps: int = Field(ge=1, le=100_000)
    seconds: float = Field(ge=0, le=3600)


@job_kind("probe.noop", queue=QUEUE, payload=Nothing, submit=Permission.SUBMIT, batch=MANY, probe=True)
def noop(payload: Nothing, at: Attempt) -> Done:
    """Do nothing."""
    return Done()


@job_kind(
    "probe.sleep",
    queue=QUEUE,
    payload=Sleep,
    submit=Permission.SUBMIT,
    probe=True,
    hard_limit_s=3700,
    soft_limit_s=3660,
)
def sleep(payload: Sleep, at: Attempt) -> Done:
    """Sleep."""
    time.sleep(payload.seconds)
    return Done()


@job_kind(
    "probe.effect",
    queue=QUEUE,
    payload=Effect,
    submit=Permission.SUBMIT,
    batch=MANY,
    light=lambda payload: payload.seconds == 0,
    probe=True,
    hard_limit_s=3700,
    soft_limit_s=3660,
)
def effect(payload: Effect, at: Attempt) -> Done:
    """Sleep, then insert one row into probe_effects."""
    if payload.seconds:
        time.sleep(payload.seconds)
    return Done(effect=lambda uow: uow.probes.add(at.job_id, at.number, payload.key))


@job_kind("probe.fail", queue=QUEUE, payload=Fail, submit=Permission.SUBMIT, probe=True, policy=SOON)
def fail(payload: Fail, at: Attempt) -> Done:
    """Raise on the first attempts."""
    if at.number <= payload.times:
        kind = PermanentError if payload.permanent else TransientError
        raise kind(f"attempt {at.number} of {payload.times} that fail")
    return Done()


@job_kind(
    "probe.crash", queue=QUEUE, payload=Crash, submit=Permission.SUBMIT, probe=True, policy=SOON, memory_limit_mb=512
)
def crash(payload: Crash, at: Attempt) -> Done:
    """Kill the process on the first attempts."""
    if at.number <= payload.times:
        _die(payload.how)
    return Done()


def _die(how: How) -> None:
    match how:
        case How.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case How.EXIT:
            os._exit(0)
        case How.SEGFAULT:
            ctypes.string_at(0)
        case How.OOM:
            _grow()


def _grow() -> None:
    """Use more and more memory until the kind's limit ends it; where limits are not enforced, as the kernel would."""
    hoard = []
    for _ in range(HOARD_MB // STEP_MB):
        hoard.append(b"x" * (STEP_MB << 20))
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


@job_kind(
    "probe.progress",
    queue=QUEUE,
    payload=Steps,
    submit=Permission.SUBMIT,
    probe=True,
    hard_limit_s=3700,
    soft_limit_s=3660,
)
def progress(payload: Steps, at: Attempt) -> Done:
    """Report progress step by step."""
    for step in range(payload.steps):
        at.progress(step / payload.steps, f"step {step + 1} of {payload.steps}")
        time.sleep(payload.seconds / payload.steps)
    return Done()
