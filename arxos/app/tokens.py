"""Bearer tokens: who somebody is and which role they have, signed."""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import jwt

from arxos.app.claims import Claims, WrongTokenError, check_life, claims_of
from arxos.app.jwks import Jwks
from arxos.domain.access import Role
from arxos.domain.errors import InvalidError

__all__ = ["Claims", "Verifier", "WrongTokenError", "check_secret", "issue"]

ISSUER = "arxos-platform"
SHORTEST_SECRET = 32  # bytes: RFC 7518 §3.2 wants a key at least as long as the hash
ASYMMETRIC = ("RS256", "ES256")  # by keys that others publish
SYMMETRIC = ("HS256",)  # by our own secret
ACCESS_S = 900  # how long a token is good for that a refresh token was exchanged for
LIFE_MAX_S = 30 * 86_400  # how long any token may be good for, unless the settings say otherwise


def issue(secret: str, subject: str, role: Role, expires_s: int, family: UUID | None = None) -> str:
    """A JWT (HS256) that expires after `expires_s` seconds, or earlier with its family of refresh tokens.

    Raises InvalidError for a secret that is too short.
    """
    check_secret(secret)
    now = int(time.time())
    claims = {"sub": subject, "roles": [role.value], "iss": ISSUER, "iat": now, "exp": now + expires_s}
    of_family = {} if family is None else {"fam": str(family)}
    return jwt.encode(claims | {"jti": str(uuid4())} | of_family, secret, algorithm="HS256")


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
    life_max_s: float = LIFE_MAX_S

    def verify(self, token: str) -> Claims:
        """What the token says. May ask for keys over the network.

        Raises WrongTokenError where it is expired, not yet valid, good for too long, forged, or not for us;
        UnavailableError where its key cannot be had.
        """
        try:
            key, name, algorithm = self._key(jwt.get_unverified_header(token))
            said: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=ISSUER,
                audience=self.audience,
                leeway=self.skew_s,
                options={
                    "require": ["sub", "exp", "iss"],
                    "verify_aud": self.audience is not None,
                    "verify_jti": False,  # one that is no text is none
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise WrongTokenError(f"the token is not valid: {_reason(error)}") from error
        claims = claims_of(said, token, name)
        check_life(claims, time.time(), self.life_max_s, self.skew_s)
        return claims

    def believes(self, key: str) -> bool:
        """Whether tokens by this key are still believed: it may have been replaced, or withdrawn by its publisher."""
        if self.secret is not None and key == _name_of(self.secret):
            return True
        return self.jwks is not None and self.jwks.publishes(key)

    def _key(self, header: dict[str, Any]) -> tuple[Any, str, str]:
        """The key, its name, and the one algorithm that it is for."""
        algorithm = header.get("alg")
        if self.secret is not None and algorithm in SYMMETRIC:
            return self.secret, _name_of(self.secret), str(algorithm)
        if self.jwks is not None and algorithm in ASYMMETRIC:
            key = self.jwks.key(header.get("kid"), str(algorithm))
            return key.key, key.name, str(algorithm)
        raise jwt.InvalidAlgorithmError


def _name_of(secret: str) -> str:
    """Another one for every secret, which it does not tell."""
    return f"secret:{hmac.digest(secret.encode(), b'name of the key', sha256).hex()[:32]}"


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
