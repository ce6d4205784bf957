"""Keys that somebody else publishes (RFC 7517), fetched when they are needed."""

import json
import threading
import time
import urllib.request
from typing import Any

import jwt

from arxos.domain.errors import UnavailableError

TIMEOUT_S = 3.0
LIFETIME_S = 300.0  # keys are asked for again after so long
PAUSE_S = 10.0  # between two tries, whatever unknown keys tokens name
LARGEST_BYTES = 1 << 20


class Jwks:
    """The keys at an address. What was fetched once stays good while the server is away. Threads may share it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def key(self, name: str | None, algorithm: str) -> Any:
        """The key of that name. Raises PyJWKSetError where nobody publishes it, UnavailableError where none are had."""
        with self._lock:
            if name not in self._keys or time.monotonic() - self._fetched_at > LIFETIME_S:
                self._refresh()
            found = self._keys.get(name)
        if found is None or (found.algorithm_name or algorithm) != algorithm:
            raise jwt.PyJWKSetError("no such key")
        return found.key

    def _refresh(self) -> None:
        if time.monotonic() - self._tried_at < PAUSE_S:
            return
        self._tried_at = time.monotonic()
        try:
            self._keys = _fetch(self._url)
            self._fetched_at = self._tried_at
        except (OSError, ValueError, jwt.PyJWTError) as error:
            if not self._keys:
                raise UnavailableError(f"ARXOS_JWKS_URL does not answer with keys: {type(error).__name__}") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys come from the address that the operator named, or not at all: no answer leads to another server."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetch(url: str) -> dict[str | None, jwt.PyJWK]:
    opener = urllib.request.build_opener(_NoRedirects)
    with opener.open(url, timeout=TIMEOUT_S) as answer:  # http(s) only: checked by the setting
        keys = jwt.PyJWKSet.from_dict(json.loads(answer.read(LARGEST_BYTES))).keys
    return {key.key_id: key for key in keys if key.key_type in {"RSA", "EC"}}
