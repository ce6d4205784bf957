"""Bearer tokens: who somebody is and which role they have, signed."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt

from arxos.app.jwks import Jwks
from arxos.domain.access import Role
from arxos.domain.errors import InvalidError

ISSUER = "arxos-platform"
SHORTEST_SECRET = 32  # bytes: RFC 7518 §3.2 wants a key at least as long as the hash
ASYMMETRIC = ("RS256", "ES256")  # by keys that others publish
SYMMETRIC = ("HS256",)  # by our own secret
ACCESS_S = 900  # how long a token is good for that a refresh token was exchanged for


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
    check_secret(secret)
    now = int(time.time())
    claims = {"sub": subject, "roles": [role.value], "iss": ISSUER, "iat": now, "exp": now + expires_s}
    return jwt.encode(claims | {"jti": str(uuid4())}, secret, algorithm="HS256")


def check_secret(secret: str) -> None:
    """Raises InvalidError for one that is too short."""
    if len(secret.encode()) < SHORTEST_SECRET:
        raise InvalidError(f"ARXOS_JWT_SECRET: must have at least {SHORTEST_SECRET} bytes")


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose tokens are believed: those signed with our `secret`, and those by the keys of `jwks`.

    Each sort of algorithm is held against its own sort of key only: a published key is never taken for a secret.
    """

    secret: str | None
    jwks: Jwks | None = None
    audience: str | None = None
    skew_s: float = 30.0  # by how much the clock of whoever issues tokens may be wrong

    def verify(self, token: str) -> Claims:
        """What the token says. May ask for keys over the network.

        Raises WrongTokenError where it is expired, not yet valid, forged, or not for us; UnavailableError where its key
        cannot be had.
        """
        try:
            key, algorithms = self._key(jwt.get_unverified_header(token))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                issuer=ISSUER,
                audience=self.audience,
                leeway=self.skew_s,
                options={"require": ["sub", "exp", "iss"], "verify_aud": self.audience is not None},
            )
            expires_at = float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise WrongTokenError(f"the token is not valid: {_reason(error)}") from error
        return Claims(_subject(claims), _role(claims), expires_at, _name(claims))

    def _key(self, header: dict[str, Any]) -> tuple[Any, list[str]]:
        algorithm = header.get("alg")
        if self.secret is not None and algorithm in SYMMETRIC:
            return self.secret, list(SYMMETRIC)
        if self.jwks is not None and algorithm in ASYMMETRIC:
            return self.jwks.key(header.get("kid"), str(algorithm)), [str(algorithm)]
        raise jwt.InvalidAlgorithmError


def _subject(claims: dict[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 200 or not subject.isprintable():
        raise WrongTokenError("the token is not valid: sub is no name of 1 to 200 characters")
    return subject


def _role(claims: dict[str, Any]) -> Role:
    """The strongest of the roles that we know."""
    named = claims.get("roles")
    known = [role for role in Role if isinstance(named, list) and role.value in named]
    if not known:
        raise WrongTokenError(f"the token is not valid: roles names none of {', '.join(Role)}")
    return known[-1]


def _name(claims: dict[str, Any]) -> str | None:
    name = claims.get("jti")
    return name[:200] if isinstance(name, str) and name else None


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.InvalidIssuerError, f"iss is not {ISSUER}"),
    (jwt.InvalidAudienceError, "it is for somebody else"),
    (jwt.MissingRequiredClaimError, "sub, exp, iss or aud is missing"),
    (jwt.InvalidAlgorithmError, "its algorithm is not accepted"),
    (jwt.InvalidSignatureError, "its signature is not ours"),
    (jwt.PyJWKSetError, "nobody publishes its key"),
)


def _reason(error: Exception) -> str:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "it cannot be read")
