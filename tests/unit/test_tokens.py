"""Bearer tokens."""

import time

import jwt
import pytest

from arxos.app.tokens import ISSUER, issue
from arxos.domain.access import Role
from arxos.domain.errors import InvalidError

SECRET = "s" * 32


@pytest.mark.parametrize("role", Role)
def test_a_token_says_who_what_and_until_when(role: Role) -> None:
    before = int(time.time())
    claims = jwt.decode(issue(SECRET, "ada", role, 60), SECRET, algorithms=["HS256"], issuer=ISSUER)
    assert (claims["sub"], claims["roles"], claims["iss"]) == ("ada", [role], "arxos-platform")
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] == claims["iat"] + 60


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(issue(SECRET, "ada", Role.ADMIN, 60), "t" * 32, algorithms=["HS256"])


def test_an_old_token_is_expired() -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(issue(SECRET, "ada", Role.ADMIN, -1), SECRET, algorithms=["HS256"])


@pytest.mark.parametrize("secret", ["", "hunter2", "s" * 31, "ü" * 15])
def test_a_short_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        issue(secret, "ada", Role.VIEWER, 60)
    assert str(refusal.value) == "ARXOS_JWT_SECRET: must have at least 32 bytes"


def test_bytes_count_not_characters() -> None:
    assert issue("ü" * 16, "ada", Role.VIEWER, 60)
