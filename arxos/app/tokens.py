"""Bearer tokens: who somebody is and which role they have, signed."""

import time
from enum import StrEnum

import jwt

from arxos.domain.errors import InvalidError

ISSUER = "arxos-platform"
SHORTEST_SECRET = 32  # bytes: RFC 7518 §3.2 wants a key at least as long as the hash


class Role(StrEnum):
    """What a bearer may do; each role includes the ones before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


def issue(secret: str, subject: str, role: Role, expires_s: int) -> str:
    """A JWT (HS256) that expires after `expires_s` seconds. Raises InvalidError for a secret that is too short."""
    if len(secret.encode()) < SHORTEST_SECRET:
        raise InvalidError(f"ARXOS_JWT_SECRET: must have at least {SHORTEST_SECRET} bytes")
    now = int(time.time())
    claims = {"sub": subject, "roles": [role.value], "iss": ISSUER, "iat": now, "exp": now + expires_s}
    return jwt.encode(claims, secret, algorithm="HS256")
