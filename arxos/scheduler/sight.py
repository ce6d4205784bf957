"""How long the database has been in sight: who could not see it for a while cannot know who is alive."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Sight:
    """Workers that were cut off as we were could not renew their leases either: an outage is nobody's death."""

    gap_s: float  # what is longer counts as an outage
    clock: Callable[[], float] = time.monotonic
    _since: float | None = None
    _last: float = 0.0

    def seen(self) -> None:
        """It answers now."""
        if not self._steady():
            self._since = self.clock()
        self._last = self.clock()

    def steady_s(self) -> float:
        """For how many seconds it has answered without a gap; 0 in and after one, and at first."""
        return self._last - self._since if self._since is not None and self._steady() else 0.0

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Whoever waits for another server meanwhile has not lost sight of this one."""
        began = self.clock()
        yield
        self._last += self.clock() - began

    def _steady(self) -> bool:
        return self._since is not None and self.clock() - self._last <= self.gap_s
