"""Whose tokens are believed, and which not."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from arxos.app import jwks as keys_elsewhere
from arxos.app.jwks import Jwks
from arxos.app.tokens import ISSUER, Verifier, WrongTokenError, issue
from arxos.domain.access import Role
from arxos.domain.errors import UnavailableError

SECRET = "s" * 32
OURS = Verifier(SECRET)
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


def claims(**fields: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": "ada", "roles": ["editor"], "iss": ISSUER, "exp": now + 60, "iat": now, "jti": "j"} | fields


def signed(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **fields: Any) -> str:
    wanted = {name: value for name, value in claims(**fields).items() if value is not None}
    return jwt.encode(wanted, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


class Publisher:
    """A server of keys that can be told to be silent."""

    def __init__(self) -> None:
        self.asked, self.silent = 0, False
        self.keys = [_jwk(RSA, "RS256", "r1"), _jwk(EC, "ES256", "e1")]
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                self.send_response(500 if publisher.silent else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": publisher.keys}).encode())

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"


def _jwk(key: Any, algorithm: str, kid: str) -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "alg": algorithm, "use": "sig"}


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()
    thread = threading.Thread(target=publisher.server.serve_forever)
    thread.start()
    yield publisher
    publisher.server.shutdown()
    publisher.server.server_close()
    thread.join()


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


def test_an_end_beyond_all_numbers_is_no_end() -> None:
    assert refusal(OURS, signed(exp=10**400)) == "it cannot be read"


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


def test_known_keys_stay_good_while_their_server_is_away(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_elsewhere, "LIFETIME_S", 0.0)
    monkeypatch.setattr(keys_elsewhere, "PAUSE_S", 0.0)
    verifier = Verifier(None, Jwks(publisher.url))
    token = signed(RSA, "RS256", "r1")
    verifier.verify(token)
    publisher.silent = True
    assert verifier.verify(token).subject == "ada"
    assert publisher.asked == 2


def test_without_any_key_nothing_can_be_said() -> None:
    with pytest.raises(UnavailableError, match="ARXOS_JWKS_URL does not answer with keys"):
        Verifier(None, Jwks("http://127.0.0.1:1/keys")).verify(signed(RSA, "RS256", "r1"))


def test_an_audience_is_demanded_where_one_is_set() -> None:
    verifier = Verifier(SECRET, audience="arxos-workers")
    assert verifier.verify(signed(aud=["arxos-workers", "others"])).subject == "ada"
    assert refusal(verifier, signed(aud="others")) == "it is for somebody else"
    assert refusal(verifier, signed()) == "sub, exp, iss or aud is missing"
    assert OURS.verify(signed(aud="whoever")).subject == "ada"
