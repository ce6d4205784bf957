"""The soft limit of time: a body can handle it, thread or process; outside of bodies nobody is hit."""

import os
import signal
import threading

import pytest

from arxos.domain.errors import TimedOutError
from arxos.workers.soft_limit import soft_limit


def tell() -> None:
    """What the pool does to a child whose job is beyond its soft limit."""
    os.kill(os.getpid(), signal.SIGUSR1)


def test_a_body_handles_its_soft_limit_and_goes_on() -> None:
    with soft_limit(3):
        with pytest.raises(TimedOutError, match="took longer than its soft time limit of 3 s"):
            tell()
        tell()  # told once: the hard limit is what follows


def test_the_signal_hits_nobody_outside_of_bodies() -> None:
    with soft_limit(3):
        pass
    tell()


def test_each_body_is_told_anew() -> None:
    for _ in range(2):
        with soft_limit(3), pytest.raises(TimedOutError):
            tell()


def test_a_thread_is_told_once_when_it_asks() -> None:
    told: list[str] = []

    def body() -> None:
        with soft_limit(0) as limit:
            with pytest.raises(TimedOutError):
                limit.check()
            limit.check()
            told.append("once")
        with soft_limit(60) as limit:
            limit.check()
            told.append("not yet")

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(10)
    assert told == ["once", "not yet"]
