"""Keys that others publish (RFC 7517): fetched again and again, so that a key that was withdrawn opens nothing."""

import hashlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from arxos.domain.errors import UnavailableError

TIMEOUT_S = 3.0
REFRESH_S = 10.0  # keys are asked for again after so long
STALE_S = 3600.0  # keys stay good for so long while their server is away
PAUSE_S = 10.0  # between two tries, whatever unknown keys tokens name
LARGEST_BYTES = 1 << 20
THUMBPRINT = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}  # RFC 7638: what a key is, in this order


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """`name`: its thumbprint, which another key under the same `kid` has not."""

    key: Any
    name: str
    algorithm: str


@dataclass(slots=True)
class Jwks:
    """The keys at an address. Threads may share it; `publishes` never waits.

    `refresh_s`: how long after its withdrawal a key is believed at most; `stale_s`: the same while its server is away.
    """

    url: str
    refresh_s: float = REFRESH_S
    stale_s: float = STALE_S
    _keys: Mapping[str | None, PublishedKey] = field(default_factory=dict)
    _names: frozenset[str] = frozenset()
    _fetched_at: float = float("-inf")
    _tried_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, name: str | None, algorithm: str) -> PublishedKey:
        """The key of that name. Raises PyJWKSetError where nobody publishes it, UnavailableError where none are had."""
        with self._lock:
            if name not in self._keys or self._is_due():
                self._refresh()
            if not self._is_fresh():
                raise UnavailableError("ARXOS_JWKS_URL does not answer with keys")
            found = self._keys.get(name)
        if found is None or found.algorithm != algorithm:
            raise jwt.PyJWKSetError("no such key")
        return found

    def publishes(self, name: str) -> bool:
        """Whether the key of this thumbprint was among the keys lately."""
        return name in self._names and self._is_fresh()

    def refresh_if_due(self) -> None:
        """Ask for the keys where that is due; that the server is away is no error while the keys are fresh enough."""
        with self._lock:
            if self._is_due():
                self._refresh()

    def _is_due(self) -> bool:
        return time.monotonic() - self._fetched_at > self.refresh_s

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._fetched_at <= self.stale_s

    def _refresh(self) -> None:
        if time.monotonic() - self._tried_at < min(PAUSE_S, self.refresh_s):
            return
        self._tried_at = time.monotonic()
        try:
            found = _fetch(self.url)
        except (OSError, ValueError, RecursionError, jwt.PyJWTError):
            return  # `key` tells of it when the keys have become too old
        self._keys, self._names = found, frozenset(key.name for key in found.values())
        self._fetched_at = self._tried_at


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys come from the address that the operator named, or not at all: no answer leads to another server."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetch(url: str) -> dict[str | None, PublishedKey]:
    """Raises OSError; ValueError and PyJWKSetError for what is no set of keys. An empty one is: all were withdrawn."""
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(url, timeout=TIMEOUT_S) as answer:  # http(s) only: checked by the setting
            document = json.loads(answer.read(LARGEST_BYTES))
    except urllib.error.HTTPError as refusal:
        refusal.close()  # it is the answer, too, and holds the connection
        raise
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise jwt.PyJWKSetError("no set of keys")
    return {one.get("kid"): key for one in listed if isinstance(one, dict) and (key := _read(one)) is not None}


def _read(jwk: dict[str, Any]) -> PublishedKey | None:
    """None for a key of another sort, and for what is none: the others stay good."""
    parts = THUMBPRINT.get(str(jwk.get("kty")))
    if parts is None or jwk.get("use", "sig") != "sig" or not isinstance(jwk.get("kid"), str | None):
        return None
    try:
        known = jwt.PyJWK.from_dict(jwk)
        described = json.dumps({name: jwk[name] for name in parts}, separators=(",", ":"))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return PublishedKey(known.key, f"jwk:{hashlib.sha256(described.encode()).hexdigest()[:32]}", known.algorithm_name)
