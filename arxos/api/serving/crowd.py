"""The open connections of one process: how many there are, from where, and which of them are idle.

A connection that is merely open must not keep a request out. At a limit the connection that has been idle for longest
is closed for the new one. Only where none is idle the new one is refused.
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Generic, TypeVar

from arxos.api.addresses import Networks, lies_in

C = TypeVar("C", bound=Hashable)
LIKE_ONE = 64  # bits of an IPv6 address that one subscriber is given (RFC 6177)


def origin_of(address: str) -> str:
    """What limits count for one: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> LIKE_ONE << LIKE_ONE)}/{LIKE_ONE}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one process. `exempt`: proxies, through which many come from one address."""

    most: int
    most_from_one: int
    exempt: Networks = ()


@dataclass(slots=True)
class Crowd(Generic[C]):
    """Those that are open. `enter` and `leave` once each; `rest` and `wake` as often as requests begin and end."""

    bounds: Bounds
    _count: Counter[str] = field(default_factory=Counter)
    _origins: dict[C, str] = field(default_factory=dict)
    _idle: OrderedDict[C, None] = field(default_factory=OrderedDict)  # idle for longest first
    _idle_from: defaultdict[str, OrderedDict[C, None]] = field(default_factory=lambda: defaultdict(OrderedDict))

    def __len__(self) -> int:
        return len(self._origins)

    def enter(self, connection: C, address: str) -> tuple[bool, C | None]:
        """Whether it may be served, and which idle one is to be closed for it. It is idle until it wakes."""
        origin = origin_of(address)
        self._origins[connection] = origin
        self._count[origin] += 1
        is_welcome, victim = self._room_for(origin, address)
        self.rest(connection)
        return is_welcome, victim

    def rest(self, connection: C) -> None:
        """It waits for a request."""
        if (origin := self._origins.get(connection)) is None:
            return
        self._idle[connection] = self._idle_from[origin][connection] = None

    def wake(self, connection: C) -> None:
        """A request has come."""
        if (origin := self._origins.get(connection)) is None:
            return
        self._idle.pop(connection, None)
        if (here := self._idle_from.get(origin)) is not None:
            here.pop(connection, None)
            if not here:
                del self._idle_from[origin]

    def leave(self, connection: C) -> None:
        """It is closed. Leaving twice is leaving once."""
        if connection not in self._origins:
            return
        self.wake(connection)
        origin = self._origins.pop(connection)
        self._count[origin] -= 1
        if not self._count[origin]:
            del self._count[origin]

    def _room_for(self, origin: str, address: str) -> tuple[bool, C | None]:
        if self._count[origin] > self.bounds.most_from_one and not lies_in(address, self.bounds.exempt):
            victim = next(iter(self._idle_from.get(origin, ())), None)
            return victim is not None, victim
        if len(self) > self.bounds.most:
            victim = next(iter(self._idle), None)
            return victim is not None, victim
        return True, None
