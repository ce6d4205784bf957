"""Who may look at Flower: anybody on this machine, or else whom it knows, or whom a proxy has signed in."""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from arxos.app.settings import Settings
from arxos.domain.errors import InvalidError

FAILURES = RateLimitItemPerMinute(20)  # wrong passwords from one address
CHALLENGE = 'Basic realm="flower", charset="UTF-8"'
USERS, HEADER, PROXIES = "ARXOS_FLOWER_USERS", "ARXOS_FLOWER_USER_HEADER", "ARXOS_TRUSTED_PROXIES"


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer to whoever may not look."""

    status: int
    words: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """`users`: name → password; `header`: where one of `proxies` names whom it has signed in; neither: this machine."""

    users: Mapping[str, str]
    header: str
    proxies: tuple[IPv4Network | IPv6Network, ...]
    _limiter: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))

    def refusal(self, peer: str, headers: Mapping[str, str]) -> Refused | None:
        """Why a request is not answered; None where it is. `peer`: the address that it came from."""
        if self.header and self._is_proxy(peer) and headers.get(self.header, "").strip():
            return None
        if self.users:
            return self._refusal_of_user(peer, headers.get("Authorization", ""))
        if self.header:
            return Refused(403, f"needs a sign-in by the proxy, which names it in {self.header}")
        # A page elsewhere can make a browser ask us under a name of its own (DNS rebinding), and would read the answer.
        if not _is_loopback(urlsplit(f"//{headers.get('Host', '')}").hostname or ""):
            return Refused(403, "is for this machine, under the names that it has for itself")
        return None

    def in_words(self) -> str:
        """What Flower says at its start."""
        ways = [f"{len(self.users)} users of {USERS}"] if self.users else []
        ways += [f"whom a proxy names in {self.header}"] if self.header else []
        return (
            f"asks for a sign-in: {' and '.join(ways)}" if ways else "asks for no sign-in: only this machine reaches it"
        )

    def _is_proxy(self, peer: str) -> bool:
        try:
            return any(ip_address(peer) in network for network in self.proxies)
        except ValueError:
            return False

    def _refusal_of_user(self, peer: str, authorization: str) -> Refused | None:
        if not self._limiter.test(FAILURES, peer):
            return Refused(429, "too many wrong passwords from there", {"Retry-After": "60"})
        if authorization and self._is_user(authorization):
            return None
        if authorization:
            self._limiter.hit(FAILURES, peer)
        return Refused(401, "needs a name and a password", {"WWW-Authenticate": CHALLENGE})

    def _is_user(self, authorization: str) -> bool:
        """In the same time whoever is named: an unknown one's password is held against none."""
        scheme, _, coded = authorization.partition(" ")
        try:
            name, _, password = b64decode(coded.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        known = self.users.get(name)
        right = hmac.compare_digest((known or "").encode(), password.encode())
        return scheme.lower() == "basic" and known is not None and right


def gate_of(settings: Settings, address: str) -> Gate:
    """The gate of a Flower that listens there. Raises InvalidError where others could look unasked."""
    users = settings.flower_passwords
    proxies = tuple(ip_network(one.strip(), strict=False) for one in settings.trusted_proxies.split(",") if one.strip())
    if settings.flower_user_header and not proxies:
        raise InvalidError(f"{HEADER}: needs {PROXIES}, or anybody could name themselves")
    if not users and not settings.flower_user_header and not _is_loopback(address):
        raise InvalidError(
            f"{USERS}: Flower at {address or 'all addresses'} must ask for a sign-in: set it, or {HEADER}"
        )
    return Gate(users, settings.flower_user_header, proxies)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
