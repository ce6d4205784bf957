"""How a worker stops: told once, it finishes what runs; told again, or beyond the drain time, it gives that back."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from celery import signals

AT_ONCE_S = 1.5  # how long giving back may take for somebody who asked twice
PATIENT_S = 5.0

log = structlog.get_logger()


@dataclass
class Drain:
    """Follows the signals that stop this worker. `give_back(within_s)` returns what runs, no attempt burned."""

    worker: str
    drain_s: float
    give_back: Callable[[float], None]
    _since: float | None = None
    _at_once: bool = False

    def connect(self) -> None:
        """Follow Celery, which at the first SIGTERM or SIGINT stops consuming and waits for what runs, however long."""
        signals.worker_shutting_down.connect(self._told)
        signals.worker_ready.connect(self._obey)

    def check(self) -> None:
        """End the process where it is time. To be called several times a second, from a thread that never blocks.

        Children die with us, threads end with us.
        """
        if self._at_once:
            self._leave(AT_ONCE_S, "told twice")
        elif self._since is not None and time.monotonic() - self._since > self.drain_s:
            self._leave(PATIENT_S, "drain time over")

    def _obey(self, **_: Any) -> None:
        """Celery means other things by these two: to cancel what runs, and to wait for that."""
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
        signal.signal(signal.SIGQUIT, self._quit)

    def _told(self, how: str = "Warm", **_: Any) -> None:
        # In a signal's handler, at any point of the main thread: whatever takes a lock here could wait for ever.
        if self._since is None and how == "Warm":
            self._since = time.monotonic()
        else:
            self._at_once = True

    def _quit(self, *_: Any) -> None:
        self._at_once = True

    def _leave(self, within_s: float, why: str) -> None:
        log.warning("worker_leaves", worker=self.worker, why=why)
        try:
            self.give_back(within_s)
        finally:
            os._exit(0)
