"""Waiting out a database that is away, and telling its time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

import structlog

from arxos.domain.errors import TransientError

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 2.0

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DatabaseClock:
    """The database's time, told without asking: it was `then` when this was made. The host's own clock may be wrong."""

    then: datetime
    _since: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """The time, in the zone of `then`."""
        return self.then + timedelta(seconds=time.monotonic() - self._since)


def patiently(act: Callable[[bool], T], *, doing: str, for_s: float, random: Random) -> T:
    """Repeat `act` while it raises TransientError, for at most `for_s` seconds; then the error passes.

    `act` is told whether it was tried before: then it may have been done, and only the answer have been lost.
    """
    deadline, wait, again = time.monotonic() + for_s, FIRST_WAIT_S, False
    while True:
        try:
            return act(again)
        except TransientError as error:
            if time.monotonic() > deadline:
                raise
            log.warning("database_awaited", doing=doing, error=str(error), wait_s=wait)
        time.sleep(wait * (0.5 + random.random()))
        wait, again = min(wait * 2, LONGEST_WAIT_S), True
