"""Tells the ledger that this process lives, and what keeps it from working."""

import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from arxos import __version__
from arxos.app.trouble import Trouble
from arxos.domain.errors import TransientError
from arxos.storage.services import Service, Services

EVERY_S = 2.0


def new_service(role: str) -> Service:
    """The row of this process, under a name that none ever had."""
    host, pid = platform.node(), os.getpid()
    return Service(f"{role}@{host}:{pid}:{uuid4().hex[:6]}", role, host, pid, __version__)


@dataclass(slots=True)
class Presence:
    """Writes a heartbeat every two seconds, in a thread of its own: it goes on while a duty hangs."""

    services: Services
    service: Service
    troubles: Sequence[Trouble]
    stopping: threading.Event = field(default_factory=threading.Event)
    _unwritten: Trouble = field(default_factory=lambda: Trouble("heartbeat"))

    def run(self) -> None:
        """Until `stopping` is set; then take the row away. An unforeseen error ends the process, too."""
        try:
            while not self.stopping.is_set():
                self._write(lambda: self.services.beat(self.service, datetime.now(UTC), self._trouble()))
                self.stopping.wait(EVERY_S)
        finally:
            self.stopping.set()
        self._write(lambda: self.services.leave(self.service.id))

    def _write(self, act: Callable[[], None]) -> None:
        try:
            act()
        except TransientError as error:
            self._unwritten.report(str(error))
        else:
            self._unwritten.over()

    def _trouble(self) -> tuple[str, float] | None:
        for trouble in self.troubles:
            if (now := trouble.now) is not None:
                return now[0], time.monotonic() - now[1]
        return None
