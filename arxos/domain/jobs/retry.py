"""When to try again, and when to give up. Pure: clock and randomness are arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from arxos.domain.errors import PermanentError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a job is tried. Copied onto the job when it is submitted. Seconds."""

    max_attempts: int = 8
    base_s: float = 1.0
    cap_s: float = 600.0
    max_lost: int = 3  # attempts that ended with the death of their worker: then the job is poison


LARGEST = {"max_attempts": 1_000_000, "max_lost": 1_000_000, "base_s": 1e9, "cap_s": 1e9}  # some 32 years


def read_policy(stored: object) -> RetryPolicy:
    """A policy as it is kept with a job. What a newer version added is ignored, what an older one lacked is usual.

    Raises ValueError naming the part that is none.
    """
    if not isinstance(stored, Mapping):
        raise ValueError("is no object")  # noqa: TRY004 - as for every other value
    values = {name: _number(name, stored[name], most) for name, most in LARGEST.items() if name in stored}
    return RetryPolicy(**values)


def _number(name: str, value: object, most: float) -> Any:
    """An integer where the limit is one."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
        number = type(most)(value)
        if number == value:
            return number
    raise ValueError(f"{name} is no number from 0 to {most:,.0f}")


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Verdict: try again at this time."""

    when: datetime


@dataclass(frozen=True, slots=True)
class Bury:
    """Verdict: give up; the job becomes a dead letter for this reason."""

    reason: str


Verdict = RetryAt | Bury


def judge(policy: RetryPolicy, attempt: int, error: BaseException, now: datetime, random: Random) -> Verdict:
    """What follows a failed attempt (numbered from 1).

    Permanent errors bury at once; transient and unknown ones retry with exponential backoff and full jitter:
    uniform between 0 and min(cap, base · 2^(attempt − 1)), so attempt 4 with base 1 s waits 0 to 8 s.
    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if isinstance(error, PermanentError):
        return Bury("permanent")
    if attempt >= policy.max_attempts:
        return Bury("attempts_exhausted")
    return RetryAt(now + timedelta(seconds=random.uniform(0, backoff_ceiling(policy, attempt))))


def backoff_ceiling(policy: RetryPolicy, attempt: int) -> float:
    """The longest wait after this attempt, in seconds; never overflows, however large the attempt."""
    doublings = min(attempt - 1, 62)
    return min(policy.cap_s, policy.base_s * 2.0**doublings)
