"""Signatures of messages from outside: who sent it, what it asks for, and until when it may be taken."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from arxos.domain.errors import InvalidError
from arxos.domain.moments import END

SHORTEST_KEY = 32  # bytes
LONGEST_S = 24 * 3600.0  # that a signature may be good for: its nonce is remembered so long
SKEW_S = 60.0
FIELDS = ("v", "key_id", "iat", "exp", "nonce", "sig")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature says: by whose key, and its nonce, to be taken once. `expires_at`: seconds since 1970."""

    key_id: str
    nonce: str
    expires_at: float


class Nonces(Protocol):
    """What was taken once is never taken again."""

    def take(self, signed: Signed) -> bool:
        """Whether nobody has taken it before; in the transaction that accepts its job."""

    def forget(self) -> None:
        """Those whose signatures have expired."""


def parse_keys(listed: str) -> dict[str, bytes]:
    """``shop:secret,desk:secret``. Raises ValueError, which never repeats a secret."""
    keys: dict[str, bytes] = {}
    for place, one in enumerate(filter(None, map(str.strip, listed.split(","))), 1):
        name, _, secret = one.partition(":")
        if not name or len(secret.encode()) < SHORTEST_KEY:
            raise ValueError(f"key {place}: needs name:secret, the secret of at least {SHORTEST_KEY} bytes")
        keys[name] = secret.encode()
    return keys


def signature(key: bytes, facts: Mapping[str, Any]) -> str:
    """HMAC-SHA256, in hexadecimal, over the facts as canonical JSON: keys sorted, no spaces, UTF-8.

    The facts are v, key_id, id, kind, payload, eta, expires, iat, exp and nonce; what is not given is null.
    """
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, canonical.encode(), sha256).hexdigest()


def verify(keys: Mapping[str, bytes], envelope: Any, facts: Mapping[str, Any], now: float) -> Signed:
    """What the envelope proves of these facts: id, kind, payload, eta, expires. Raises InvalidError saying what not."""
    if not isinstance(envelope, Mapping) or any(field not in envelope for field in FIELDS):
        raise InvalidError("it is not signed")
    key = keys.get(envelope["key_id"]) if isinstance(envelope["key_id"], str) else None
    if key is None:
        raise InvalidError("nobody knows the key of its signature")
    times = envelope["iat"], envelope["exp"]
    if not all(type(one) is int and 0 <= one < END.timestamp() for one in times):
        raise InvalidError("its signature has no times")
    told = {name: envelope[name] for name in ("v", "key_id", "iat", "exp", "nonce")}
    expected = signature(key, {**facts, **told})
    if not isinstance(envelope["sig"], str) or not hmac.compare_digest(expected.encode(), envelope["sig"].encode()):
        raise InvalidError("its signature does not fit")
    return _fresh(envelope, now)


def _fresh(envelope: Mapping[str, Any], now: float) -> Signed:
    if envelope["v"] != 1 or not isinstance(envelope["nonce"], str) or not 16 <= len(envelope["nonce"]) <= 128:
        raise InvalidError("its signature is of another version, or has no nonce of 16 to 128 characters")
    if envelope["exp"] + SKEW_S < now:
        raise InvalidError("its signature has expired")
    if envelope["iat"] - SKEW_S > now:
        raise InvalidError("its signature is from the future")
    if envelope["exp"] - envelope["iat"] > LONGEST_S:
        raise InvalidError(f"its signature is good for longer than {LONGEST_S:.0f} s")
    return Signed(envelope["key_id"], envelope["nonce"], float(envelope["exp"]))
