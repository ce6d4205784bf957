"""What keeps a duty from being done: said once when it begins or changes, and once when it is over."""

import time
from dataclasses import dataclass

import structlog

log = structlog.get_logger()


@dataclass(slots=True)
class Trouble:
    """The present trouble of one duty. Written by one thread, read by any."""

    duty: str
    now: tuple[str, float] | None = None  # what is the matter, and since when (monotonic)

    def report(self, what: str) -> None:
        """It could not be done."""
        before = self.now
        if before is None or before[0] != what:
            self.now = what, before[1] if before else time.monotonic()
            log.warning("duty_waits", duty=self.duty, reason=what)

    def over(self) -> None:
        """It was done."""
        if self.now is not None:
            log.info("duty_goes_on", duty=self.duty, after_s=round(time.monotonic() - self.now[1], 1))
            self.now = None
