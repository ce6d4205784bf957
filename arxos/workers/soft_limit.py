"""The soft limit of time: an error of ours that a body may handle, clean up after, and raise again."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from arxos.domain.errors import TimedOutError


@dataclass(slots=True)
class SoftLimit:
    """When the running body is to be told, once. Children are told by a signal, threads when they report progress."""

    seconds: float
    ends: float | None  # by the monotonic clock; None: told, or not to be asked

    def check(self) -> None:
        """Raises TimedOutError once the time is over."""
        if self.ends is not None and time.monotonic() > self.ends:
            self.ends = None
            raise self.error()

    def error(self) -> TimedOutError:
        """What the body sees, and the ledger where the body lets it pass."""
        return TimedOutError(f"took longer than its soft time limit of {self.seconds:g} s")


@contextmanager
def soft_limit(seconds: float) -> Iterator[SoftLimit]:
    """Watch over a body. The signal of the pool comes at any moment: outside of bodies it has nobody to tell."""
    if threading.current_thread() is not threading.main_thread():
        yield SoftLimit(seconds, time.monotonic() + seconds)
        return
    limit = SoftLimit(seconds, None)

    def tell(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        raise limit.error()

    signal.signal(signal.SIGUSR1, tell)
    try:
        yield limit
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
