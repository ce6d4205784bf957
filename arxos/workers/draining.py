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
    """Follows the signals that stop this worker, and those who ask for it in the ledger."""

    worker: str
    drain_s: float
    _since: float | None = None
    _times: int = 0
    _at_once: bool = False
    _asked: bool = False

    def connect(self) -> None:
        """Follow Celery, which at the first SIGTERM or SIGINT stops consuming and waits for what runs, however long."""
        signals.worker_shutting_down.connect(self._told)
        signals.worker_ready.connect(self._obey)

    def begin(self) -> None:
        """Stop as at the first SIGTERM, because an operator asked for it. To be called as often as one likes."""
        if self._since is None and not self._asked:
            self._asked = True
            log.info("worker_drains", worker=self.worker)
            os.kill(os.getpid(), signal.SIGTERM)

    def check(self, give_back: Callable[[float], None]) -> None:
        """End the process where it is time. To be called several times a second, from a thread that never blocks.

        `give_back(within_s)` returns what runs, no attempt burned. Children die with us, threads end with us.
        """
        if self._at_once:
            self._leave(give_back, AT_ONCE_S, "told twice")
        elif self._since is not None and time.monotonic() - self._since > self.drain_s:
            self._leave(give_back, PATIENT_S, "drain time over")

    def _obey(self, **_: Any) -> None:
        """Celery means other things by these two: to cancel what runs, and to wait for that."""
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
        signal.signal(signal.SIGQUIT, self._quit)

    def _told(self, how: str = "Warm", **_: Any) -> None:
        # In a signal's handler, at any point of the main thread: whatever takes a lock here could wait for ever.
        self._times += 1
        if self._since is None:
            self._since = time.monotonic()
        # Our own signal is no second thought of whoever sends the next one: a supervisor that stops everything.
        if how != "Warm" or self._times > 1 + self._asked:
            self._at_once = True

    def _quit(self, *_: Any) -> None:
        self._at_once = True

    def _leave(self, give_back: Callable[[float], None], within_s: float, why: str) -> None:
        log.warning("worker_leaves", worker=self.worker, why=why)
        try:
            give_back(within_s)
        finally:
            os._exit(0)
