"""What a running body is told: that its job is cancelled, that its soft limit of time is over."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from uuid import UUID

from arxos.domain.errors import CancelledError, TimedOutError
from arxos.workers.notices import Notices

TIME_IS_OVER = signal.SIGUSR1  # Celery's
LOOK = signal.SIGUSR2  # at the notices; a signal that comes late finds none for whoever runs by then


@dataclass(slots=True)
class Told:
    """One body's ear. In a child a signal interrupts it wherever it is, once: its cleaning up is not disturbed again.

    Whoever asks is told as well, in threads nobody else. The soft limit is told once, and to no cancelled body.
    """

    job_id: UUID
    attempt: int
    seconds: float
    notices: Notices
    seen: int  # notices that there were when it looked last, or before it was claimed
    ends: float = math.inf  # by the monotonic clock
    interrupted: bool = False
    _spared: bool = False
    _timed_out: bool = False
    _cancelled: bool = False

    def check(self) -> None:
        """Raises CancelledError once the job is cancelled, TimedOutError once the time is over."""
        if self._is_cancelled():
            self._spared = self.interrupted = True
            raise CancelledError("its job was cancelled")
        if time.monotonic() > self.ends:
            self.ends, self._spared, self.interrupted, self._timed_out = math.inf, True, True, True
            raise TimedOutError(f"took longer than its soft time limit of {self.seconds:g} s")

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """No signal interrupts what is done here; ask afterwards."""
        spared, self._spared = self._spared, True
        try:
            yield
        finally:
            self._spared = spared

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """A signal's handler."""
        if number == TIME_IS_OVER and not self._timed_out:
            self.ends = 0.0
        if not self._spared:
            self.check()

    def close(self) -> None:
        """The body has ended: what comes now comes too late."""
        self._spared = True

    def _is_cancelled(self) -> bool:
        if not self._cancelled and (count := self.notices.count) != self.seen:
            self._cancelled = self.notices.name(self.job_id, self.attempt, self.seen)
            self.seen = count
        return self._cancelled


@contextmanager
def told_of(
    job_id: UUID, attempt: int, soft_limit_s: float, notices: Notices, seen: int, tidy: Callable[[], None]
) -> Iterator[Told]:
    """Let a body be told while it runs; one that was cancelled before does not begin.

    `seen`: how many notices there were before its job was claimed; none of these is about it.

    Outside of bodies signals come at any moment, too, and have nobody to tell. `tidy` follows a body that was told in
    a child: it may have been interrupted just before it could look after what it had started.
    """
    if threading.current_thread() is not threading.main_thread():
        told = Told(job_id, attempt, soft_limit_s, notices, seen, time.monotonic() + soft_limit_s)
        told.check()
        yield told
        return
    told = Told(job_id, attempt, soft_limit_s, notices, seen)
    try:
        for number in (TIME_IS_OVER, LOOK):
            signal.signal(number, told.hear)
        told.check()
        yield told
    finally:
        told.close()
        for number in (TIME_IS_OVER, LOOK):
            signal.signal(number, signal.SIG_IGN)
        if told.interrupted:
            tidy()
