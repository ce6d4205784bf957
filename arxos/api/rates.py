"""Rates that hold over all processes of the interface: counted in Redis, and by each process alone while it is away.

Redis is not asked for every request. A process takes permits in advance, a fiftieth of the rate at a time, and gives
them out; what it has left when the window ends is lost. So a rate is exact for slow callers, and within some hundredths
for fast ones.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil
from time import monotonic

from anyio import CapacityLimiter, to_thread
from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from structlog.stdlib import get_logger

from arxos.domain.errors import UnavailableError
from arxos.storage.shared_rates import SharedRates

PARTS = 50  # a process takes this part of a rate at a time
REST_S = 5.0  # Redis is left alone for so long after it was away
REFUSED_S = 0.1  # who was refused is refused for so long without asking Redis again
REMEMBERED = 20_000  # names whose permits are kept
ASKED_AT_ONCE = 4  # threads that wait for Redis

log = get_logger(__name__)


@dataclass(slots=True)
class Permits:
    """What is left of those that were taken for a name, and until when that counts."""

    left: int = 0
    until: float = 0.0
    refused_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def spend(self) -> bool:
        """One of them, if there is one."""
        if self.left == 0 or monotonic() >= self.until:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Rates:
    """Of one process. `processes`: how many there are, of which each gets its part while Redis is away."""

    shared: SharedRates
    processes: int = 1
    _permits: OrderedDict[tuple[str, ...], Permits] = field(default_factory=OrderedDict)
    _alone: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))
    _threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(ASKED_AT_ONCE))
    _rests_until: float = 0.0
    _away: bool = False

    async def allows(self, item: RateLimitItem, *names: str) -> bool:
        """Count one; whether it is within the rate."""
        permits = self._permits_of((item.key_for(), *names))
        if permits.spend():
            return True
        async with permits.lock:
            if not permits.spend() and monotonic() >= permits.refused_until:
                await self._refill(permits, item, names)
                return permits.spend()
            return monotonic() >= permits.refused_until

    async def _refill(self, permits: Permits, item: RateLimitItem, names: tuple[str, ...]) -> None:
        cost = max(1, item.amount // PARTS)
        if await self._take(item, names, cost):
            permits.left, permits.until = cost, monotonic() + item.get_expiry()
        else:
            permits.refused_until = monotonic() + REFUSED_S

    async def _take(self, item: RateLimitItem, names: tuple[str, ...], cost: int) -> bool:
        def ask() -> bool:
            if monotonic() < self._rests_until:  # also for those that waited for a thread meanwhile
                raise UnavailableError("Redis did not answer a moment ago")
            return self.shared.hit(item, *names, cost=cost)

        try:
            taken = await to_thread.run_sync(ask, limiter=self._threads)
        except UnavailableError as error:
            self._rest(str(error))
            return self._take_alone(item, names, cost)
        self._back()
        return taken

    def _take_alone(self, item: RateLimitItem, names: tuple[str, ...], cost: int) -> bool:
        part = type(item)(ceil(item.amount / self.processes), item.multiples)
        return self._alone.hit(part, *names, cost=min(cost, part.amount))

    def _rest(self, why: str) -> None:
        if not self._away:
            log.warning("rates_counted_alone", error=why)
        self._away = True
        if monotonic() >= self._rests_until:
            self._rests_until = monotonic() + REST_S

    def _back(self) -> None:
        if self._away:
            log.info("rates_shared_again")
        self._away = False

    def _permits_of(self, name: tuple[str, ...]) -> Permits:
        permits = self._permits.get(name)
        if permits is None:
            if len(self._permits) >= REMEMBERED:
                self._permits.popitem(last=False)
            permits = self._permits[name] = Permits()
        self._permits.move_to_end(name)
        return permits
