"""Whose tokens are believed, and which not."""

import base64
import hmac
import json
import math
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from arxos.app.jwks import Jwks
from arxos.app.tokens import ISSUER, Verifier, WrongTokenError, issue
from arxos.domain.access import Role
from arxos.domain.errors import UnavailableError
from tests.key_publisher import Publisher, publishing, the_jwk

SECRET = "s" * 32
OURS = Verifier(SECRET)
RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing(the_jwk(RSA, "RS256", "r1"), the_jwk(EC, "ES256", "e1")) as publisher:
        yield publisher


def claims(**fields: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": "ada", "roles": ["editor"], "iss": ISSUER, "exp": now + 60, "iat": now, "jti": "j"} | fields


def signed(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **fields: Any) -> str:
    wanted = {name: value for name, value in claims(**fields).items() if value is not None}
    return jwt.encode(wanted, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def refusal(verifier: Verifier, token: str) -> str:
    with pytest.raises(WrongTokenError) as refused:
        verifier.verify(token)
    return str(refused.value).removeprefix("the token is not valid: ")


def test_our_own_token_is_believed() -> None:
    said = OURS.verify(issue(SECRET, "ada", Role.ADMIN, 60))
    assert (said.subject, said.role) == ("ada", Role.ADMIN)
    assert said.token_id


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"exp": -60}, "it has expired"),
        ({"nbf": +90}, "it is not valid yet"),
        ({"iat": +90}, "it is not valid yet"),
        ({"iss": "somebody-else"}, f"iss is not {ISSUER}"),
        ({"exp": None}, "sub, exp, iss or aud is missing"),
        ({"sub": None}, "sub, exp, iss or aud is missing"),
        ({"iss": None}, "sub, exp, iss or aud is missing"),
        ({"sub": ""}, "sub is no name of 1 to 200 characters"),
        ({"sub": "a\nb"}, "sub is no name of 1 to 200 characters"),
        ({"sub": "x" * 201}, "sub is no name of 1 to 200 characters"),
        ({"roles": ["king"]}, "roles names none of viewer, editor, admin, super_admin"),
        ({"roles": "admin"}, "roles names none of viewer, editor, admin, super_admin"),
        ({"roles": None}, "roles names none of viewer, editor, admin, super_admin"),
    ],
)
def test_what_a_token_lacks_is_said(fields: dict[str, Any], why: str) -> None:
    now = int(time.time())
    times = {name: now + value for name, value in fields.items() if isinstance(value, int)}
    assert refusal(OURS, signed(**fields | times)) == why


TIMES: dict[str, Any] = {
    "huge": 10**400,
    "large": 1e300,
    "beyond-3000": 40_000_000_000,
    "negative": -1,
    "not-a-number": math.nan,
    "infinite": math.inf,
    "minus-infinite": -math.inf,
    "text": "1700000000",
    "words": "tomorrow",
    "empty": "",
    "true": True,
    "list": [1_700_000_000],
    "object": {},
}


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", TIMES.values(), ids=TIMES.keys())
def test_a_time_that_is_none_makes_the_token_worthless(claim: str, value: Any) -> None:
    assert refusal(OURS, signed(**{claim: value}))


def test_a_time_may_have_decimals() -> None:
    assert OURS.verify(signed(exp=time.time() + 60.5, iat=time.time() - 0.5, nbf=time.time() - 0.5)).subject == "ada"


LONGEST = 3600.0
STRICT = Verifier(SECRET, life_max_s=LONGEST)


@pytest.mark.parametrize(
    ("issued", "expires", "good"),
    [
        (0, 3600, True),
        (0, 3601, False),
        (-3500, 100, True),
        (-3600, 100, False),  # over soon, and good for too long all the same
        (None, 3590, True),
        (None, 3700, False),
        (0, 10 * 366 * 86_400, False),
        (None, 10 * 366 * 86_400, False),
    ],
)
def test_no_token_is_good_for_longer_than_the_longest(issued: int | None, expires: int, good: bool) -> None:
    now = int(time.time())
    token = signed(iat=None if issued is None else now + issued, exp=now + expires)
    if good:
        assert STRICT.verify(token).subject == "ada"
    else:
        assert refusal(STRICT, token) == "it is good for longer than 3600 s (ARXOS_TOKEN_LIFE_MAX_S)"


def test_others_tokens_are_held_to_the_longest_too(publisher: Publisher) -> None:
    verifier = Verifier(None, Jwks(publisher.url), life_max_s=LONGEST)
    token = signed(RSA, "RS256", "r1", exp=int(time.time()) + 7200)
    assert refusal(verifier, token) == "it is good for longer than 3600 s (ARXOS_TOKEN_LIFE_MAX_S)"


@pytest.mark.parametrize("jti", [None, "", 7, [], "x" * 201, "a\x00b"], ids=range(6))
def test_a_token_without_a_name_has_that_of_what_was_signed(publisher: Publisher, jti: Any) -> None:
    """So it can be revoked, also where the same is signed another time: such a signature is never the same."""
    verifier = Verifier(None, Jwks(publisher.url))
    said = {"jti": jti, "exp": int(time.time()) + 60}
    one, other = (signed(EC, "ES256", "e1", **said) for _ in range(2))
    assert one != other
    name = verifier.verify(one).token_id
    assert name.startswith("sha256:")
    assert verifier.verify(other).token_id == name
    assert verifier.verify(signed(EC, "ES256", "e1", **said, sub="eve")).token_id != name


@pytest.mark.parametrize("part", ["header", "payload"])
def test_what_is_nested_too_deeply_is_refused(part: str) -> None:
    deep = b"[" * 15_000
    head = base64.urlsafe_b64encode(deep if part == "header" else b'{"alg": "HS256"}').decode().rstrip("=")
    signing = f"{head}.{base64.urlsafe_b64encode(deep).decode().rstrip('=')}"
    signature = hmac.digest(SECRET.encode(), signing.encode(), "sha256")
    token = f"{signing}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert refusal(OURS, token) == "it cannot be read"


@pytest.mark.parametrize("family", ["x", 7, []])
def test_a_family_is_an_id_or_none(family: Any) -> None:
    if isinstance(family, str):
        assert refusal(OURS, signed(fam=family)) == "fam is no family's id"
    else:
        assert OURS.verify(signed(fam=family)).family is None


def test_clocks_may_differ_a_little() -> None:
    assert OURS.verify(signed(exp=int(time.time()) - 10)).subject == "ada"
    assert OURS.verify(signed(nbf=int(time.time()) + 10)).subject == "ada"


def test_the_strongest_role_counts() -> None:
    assert OURS.verify(signed(roles=["viewer", "admin", "king"])).role is Role.ADMIN


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é", "eyJhbGciOiJIUzI1NiJ9..", "A" * 10_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refusal(OURS, token)


def test_another_secret_another_algorithm_and_none_are_refused(publisher: Publisher) -> None:
    verifier = Verifier(SECRET, Jwks(publisher.url))
    assert refusal(verifier, signed("t" * 32)) == "its signature is not ours"
    assert refusal(verifier, signed(SECRET * 2, "HS512")) == "its algorithm is not accepted"
    unsigned = jwt.encode(claims(), "", algorithm="none")
    assert refusal(verifier, unsigned) == "its algorithm is not accepted"
    assert refusal(OURS, signed(RSA, "RS256", "r1")) == "its algorithm is not accepted"


def test_a_published_key_is_no_secret(publisher: Publisher) -> None:
    """The old trick: sign with the public key as if it were a secret."""
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT", "kid": "r1"}
    forged = jwt.api_jws.PyJWS()
    forged._algorithms["HS256"].prepare_key = lambda key: key  # type: ignore[method-assign]
    token = forged.encode(json.dumps(claims()).encode(), public, algorithm="HS256", headers=header)
    assert refusal(Verifier(SECRET, Jwks(publisher.url)), token) == "its signature is not ours"
    assert refusal(Verifier(None, Jwks(publisher.url)), token) == "its algorithm is not accepted"


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "r1"), (EC, "ES256", "e1")])
def test_tokens_by_published_keys_are_believed(publisher: Publisher, key: Any, algorithm: str, kid: str) -> None:
    verifier = Verifier(None, Jwks(publisher.url))
    assert verifier.verify(signed(key, algorithm, kid)).subject == "ada"
    assert refusal(verifier, signed(key, algorithm, "r2")) == "nobody publishes its key"
    assert refusal(verifier, signed(SECRET)) == "its algorithm is not accepted"


def test_a_key_of_another_algorithm_does_not_fit(publisher: Publisher) -> None:
    assert refusal(Verifier(None, Jwks(publisher.url)), signed(RSA, "RS256", "e1")) == "nobody publishes its key"


def test_unknown_keys_are_asked_for_now_and_then_only(publisher: Publisher) -> None:
    verifier = Verifier(None, Jwks(publisher.url))
    for number in range(20):
        refusal(verifier, signed(RSA, "RS256", f"unknown-{number}"))
    assert publisher.asked == 1


def test_known_keys_stay_good_while_their_server_is_away(publisher: Publisher) -> None:
    verifier = Verifier(None, Jwks(publisher.url, refresh_s=0.0))
    token = signed(RSA, "RS256", "r1")
    name = verifier.verify(token).key
    publisher.silent = True
    assert verifier.verify(token).subject == "ada"
    assert verifier.believes(name)
    assert publisher.asked == 2


def test_keys_are_not_believed_for_ever_while_their_server_is_away(publisher: Publisher) -> None:
    jwks = Jwks(publisher.url, refresh_s=0.0)
    verifier = Verifier(None, jwks)
    token = signed(RSA, "RS256", "r1")
    name = verifier.verify(token).key
    publisher.silent, jwks.stale_s = True, 0.0
    assert not verifier.believes(name)
    with pytest.raises(UnavailableError, match="ARXOS_JWKS_URL does not answer with keys"):
        verifier.verify(token)


@pytest.mark.parametrize(
    "left", [[], [the_jwk(EC, "ES256", "e1")], [the_jwk(OTHER, "RS256", "r1")]], ids=["none", "others", "same-kid"]
)
def test_a_withdrawn_key_opens_nothing_after_the_next_look(publisher: Publisher, left: list[dict[str, Any]]) -> None:
    """Also where its server publishes no key any more, or another by the same name."""
    jwks = Jwks(publisher.url, refresh_s=0.0)
    verifier = Verifier(None, jwks)
    token = signed(RSA, "RS256", "r1")
    name = verifier.verify(token).key
    publisher.keys = left
    jwks.refresh_if_due()
    assert not verifier.believes(name)
    assert refusal(verifier, token) in {"nobody publishes its key", "its signature is not ours"}


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"keys": 7}', b"[" * 100_000, b"\xff"], ids=range(6))
def test_what_is_no_set_of_keys_withdraws_none(publisher: Publisher, answer: bytes) -> None:
    jwks = Jwks(publisher.url, refresh_s=0.0)
    verifier = Verifier(None, jwks)
    name = verifier.verify(signed(RSA, "RS256", "r1")).key
    publisher.instead = answer
    jwks.refresh_if_due()
    assert verifier.believes(name)
    assert publisher.asked == 2


@pytest.mark.parametrize(
    "odd", [None, 7, {}, {"kty": "RSA"}, {"kty": "oct", "k": "AAAA", "kid": "r1"}, {"kty": [], "kid": {}}], ids=range(6)
)
def test_an_odd_key_spoils_no_other(publisher: Publisher, odd: Any) -> None:
    publisher.keys = [odd, *publisher.keys, odd]
    assert Verifier(None, Jwks(publisher.url)).verify(signed(RSA, "RS256", "r1")).subject == "ada"


def test_only_the_secret_that_signs_now_is_believed() -> None:
    name = OURS.verify(issue(SECRET, "ada", Role.ADMIN, 60)).key
    assert OURS.believes(name)
    assert not Verifier("t" * 32).believes(name)
    assert SECRET not in name


def test_without_any_key_nothing_can_be_said() -> None:
    with pytest.raises(UnavailableError, match="ARXOS_JWKS_URL does not answer with keys"):
        Verifier(None, Jwks("http://127.0.0.1:1/keys")).verify(signed(RSA, "RS256", "r1"))


def test_an_audience_is_demanded_where_one_is_set() -> None:
    verifier = Verifier(SECRET, audience="arxos-workers")
    assert verifier.verify(signed(aud=["arxos-workers", "others"])).subject == "ada"
    assert refusal(verifier, signed(aud="others")) == "it is for somebody else"
    assert refusal(verifier, signed()) == "sub, exp, iss or aud is missing"
    assert OURS.verify(signed(aud="whoever")).subject == "ada"
