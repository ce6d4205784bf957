"""Bearer tokens: who somebody is and which role they have, signed."""

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

import jwt

from arxos.domain.errors import InvalidError

ISSUER = "arxos-platform"
SHORTEST_SECRET = 32  # bytes: RFC 7518 §3.2 wants a key at least as long as the hash
SKEW_S = 30  # by how much the clock of whoever issues tokens may be wrong


class Role(StrEnum):
    """What a bearer may do; each role includes the ones before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


class WrongTokenError(InvalidError):
    """A token that says nothing we believe; the message tells why, never what is in it."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. `expires_at`: seconds since 1970."""

    subject: str
    role: Role
    expires_at: float
    token_id: str | None


def issue(secret: str, subject: str, role: Role, expires_s: int) -> str:
    """A JWT (HS256) that expires after `expires_s` seconds. Raises InvalidError for a secret that is too short."""
    if len(secret.encode()) < SHORTEST_SECRET:
        raise InvalidError(f"ARXOS_JWT_SECRET: must have at least {SHORTEST_SECRET} bytes")
    now = int(time.time())
    claims = {"sub": subject, "roles": [role.value], "iss": ISSUER, "iat": now, "exp": now + expires_s}
    return jwt.encode(claims | {"jti": str(uuid4())}, secret, algorithm="HS256")


def verify(token: str, secret: str) -> Claims:
    """What the token says. Raises WrongTokenError where it is expired, not yet valid, forged, or not for us."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            issuer=ISSUER,
            leeway=SKEW_S,
            options={"require": ["sub", "exp", "iss"], "verify_aud": False},
        )
    except jwt.PyJWTError as error:
        raise WrongTokenError(f"the token is not valid: {_reason(error)}") from error
    return Claims(_subject(claims), _role(claims), float(claims["exp"]), claims.get("jti"))


def _subject(claims: dict[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 200:
        raise WrongTokenError("the token is not valid: sub is no name of 1 to 200 characters")
    return subject


def _role(claims: dict[str, Any]) -> Role:
    """The strongest of the roles that we know."""
    named = claims.get("roles")
    known = [role for role in Role if isinstance(named, list) and role.value in named]
    if not known:
        raise WrongTokenError(f"the token is not valid: roles names none of {', '.join(Role)}")
    return known[-1]


_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.InvalidIssuerError, f"iss is not {ISSUER}"),
    (jwt.MissingRequiredClaimError, "sub, exp or iss is missing"),
    (jwt.InvalidAlgorithmError, "its algorithm is not accepted"),
    (jwt.InvalidSignatureError, "its signature is not ours"),
)


def _reason(error: jwt.PyJWTError) -> str:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "it cannot be read")
