"""What a token says, read strictly: a claim that is not what it should be makes the token worthless."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from arxos.domain.access import Role
from arxos.domain.errors import InvalidError

LATEST = 32_503_680_000  # the year 3000, in seconds since 1970: no time in a token lies beyond it
NAME_LIMIT = 200  # characters


class WrongTokenError(InvalidError):
    """A token that says nothing we believe; the message tells why, never what is in it."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Times: seconds since 1970.

    `token_id`: its `jti`, or a digest of what was signed where it has none: by this it can be revoked. `key`: which key
    it was verified by. `family`: of the refresh token that it was issued for. `session_id`: where these are the claims
    of a session at the console that the token opened.
    """

    subject: str
    role: Role
    expires_at: float
    token_id: str
    issued_at: float | None
    key: str
    family: UUID | None = None
    session_id: UUID | None = None


def claims_of(said: Mapping[str, Any], token: str, key: str) -> Claims:
    """The claims of a verified token. Raises WrongTokenError naming the claim that is wrong."""
    expires_at, issued_at, _ = _time(said, "exp"), _time(said, "iat"), _time(said, "nbf")
    if expires_at is None:
        raise _wrong("sub, exp, iss or aud is missing")
    name = _token_id(said, token)
    return Claims(_subject(said), _role(said), expires_at, name, issued_at, key, _family(said))


def check_life(claims: Claims, now: float, longest_s: float, skew_s: float) -> None:
    """Hold a token's life against the longest that is allowed. Raises WrongTokenError.

    Without `iat` it counts from now on: the token says nothing of how old it is.
    """
    begun = now + skew_s if claims.issued_at is None else claims.issued_at
    if claims.expires_at - begun > longest_s:
        raise _wrong(f"it is good for longer than {longest_s:.0f} s (ARXOS_TOKEN_LIFE_MAX_S)")


def _time(said: Mapping[str, Any], name: str) -> float | None:
    """A number of seconds; None where the claim is missing."""
    if (value := said.get(name)) is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(f"{name} is no number of seconds")
    if not 0 <= value <= LATEST:  # neither is what is no number (NaN)
        raise _wrong(f"{name} is no time between the years 1970 and 3000")
    return float(value)


def _subject(said: Mapping[str, Any]) -> str:
    subject = said["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= NAME_LIMIT or not subject.isprintable():
        raise _wrong(f"sub is no name of 1 to {NAME_LIMIT} characters")
    return subject


def _role(said: Mapping[str, Any]) -> Role:
    """The strongest of the roles that we know."""
    named = said.get("roles")
    known = [role for role in Role if isinstance(named, list) and role.value in named]
    if not known:
        raise _wrong(f"roles names none of {', '.join(Role)}")
    return known[-1]


def _token_id(said: Mapping[str, Any], token: str) -> str:
    name = said.get("jti")
    if isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and name.isprintable():
        return name
    # Of what was signed alone: the same can be signed in several ways (ES256), and each would be another token.
    signed = token.rpartition(".")[0]
    return f"sha256:{hashlib.sha256(signed.encode()).hexdigest()}"


def _family(said: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(said["fam"]) if isinstance(said.get("fam"), str) else None
    except ValueError:
        raise _wrong("fam is no family's id") from None


def _wrong(words: str) -> WrongTokenError:
    return WrongTokenError(f"the token is not valid: {words}")
