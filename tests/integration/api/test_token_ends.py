"""Everything that a token opens ends with it, in whatever way the token ends: each thing held against each way."""

import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from arxos.app.tokens import ISSUER, issue
from arxos.domain.access import Role
from arxos.storage.refresh_tokens import RefreshTokens
from tests.http import SECRET, Api, running_api
from tests.key_publisher import Publisher, publishing, the_jwk
from tests.running import wait_until

KEY = rsa.generate_private_key(65537, 2048)
WITHIN_S = 15.0  # a deadline that only what does not end at all meets
BUILDING = {"name": "Tower", "address": "1 Market Square, Springfield"}


@dataclass
class Ground:
    """An interface whose clocks agree with the issuers', and which looks for withdrawn keys every second."""

    api: Api
    publisher: Publisher
    building: str
    job: str


@pytest.fixture(scope="module")
def ground(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with publishing(the_jwk(KEY, "RS256", "k1")) as publisher:
        more = {"ARXOS_JWKS_URL": publisher.url, "ARXOS_JWKS_REFRESH_S": "1", "ARXOS_JWT_SKEW_S": "0"}
        with running_api(api.world.variables | more, tmp_path_factory.mktemp("ends")) as served:
            building = served.editor.post("/api/buildings", json=BUILDING).json()["id"]
            job = served.editor.post("/api/jobs", json={"kind": "probe.noop"}).json()["id"]
            yield Ground(served, publisher, building, job)


@dataclass(frozen=True)
class Token:
    """A token that was given to somebody, and what it can be ended by."""

    text: str
    subject: str
    jti: str | None
    family: UUID | None = None


def _token(subject: str, *, by_key: bool = False, **claims: Any) -> Token:
    now = int(time.time())
    said = {"sub": subject, "roles": ["super_admin"], "iss": ISSUER, "iat": now, "exp": now + 600} | claims
    said = {name: value for name, value in said.items() if value is not None}
    if by_key:
        text = jwt.encode(said, KEY, algorithm="RS256", headers={"kid": "k1"})
    else:
        text = jwt.encode(said, SECRET, algorithm="HS256")
    return Token(text, subject, claims.get("jti"))


# The ways: each gives somebody a token, and ends it later.
Way = Callable[[Ground, str], tuple[Token, Callable[[], None]]]


def by_expiry(_: Ground, subject: str) -> tuple[Token, Callable[[], None]]:
    return _token(subject, jti=str(uuid4()), exp=int(time.time()) + 10), lambda: None


def by_its_name(ground: Ground, subject: str) -> tuple[Token, Callable[[], None]]:
    token = _token(subject, jti=str(uuid4()))
    return token, lambda: _done(ground.api.root.post("/api/tokens/revoke", json={"jti": token.jti}))


def by_its_bearer(ground: Ground, subject: str) -> tuple[Token, Callable[[], None]]:
    """One without a name."""
    token = _token(subject)
    return token, lambda: _done(ground.api.bearing(token.text).post("/api/tokens/revoke"))


def with_its_subject(ground: Ground, subject: str) -> tuple[Token, Callable[[], None]]:
    token = _token(subject, jti=str(uuid4()))
    return token, lambda: _done(ground.api.root.post("/api/tokens/revoke-all", json={"subject": subject}))


def with_its_subject_and_of_no_age(ground: Ground, subject: str) -> tuple[Token, Callable[[], None]]:
    token = _token(subject, jti=str(uuid4()), iat=None)
    return token, lambda: _done(ground.api.root.post("/api/tokens/revoke-all", json={"subject": subject}))


def with_its_family(ground: Ground, subject: str) -> tuple[Token, Callable[[], None]]:
    family = uuid4()
    table = RefreshTokens(ground.api.world.runtime.database)
    table.keep(f"refresh-{family}", family, subject, Role.SUPER_ADMIN, 3600)
    answer = ground.api.nobody.post("/api/tokens/refresh", json={"refresh_token": f"refresh-{family}"}).json()
    token = Token(answer["access_token"], subject, None, family)
    return token, lambda: _done(ground.api.root.delete(f"/api/tokens/families/{family}"))


def with_its_key(ground: Ground, subject: str) -> tuple[Token, Callable[[], None]]:
    ground.publisher.keys = [the_jwk(KEY, "RS256", "k1")]

    def withdraw() -> None:
        ground.publisher.keys = []

    return _token(subject, by_key=True, jti=str(uuid4())), withdraw


def _done(answer: httpx.Response) -> None:
    assert answer.status_code in {200, 204}, answer.text


WAYS: tuple[Way, ...] = (
    by_expiry,
    by_its_name,
    by_its_bearer,
    with_its_subject,
    with_its_subject_and_of_no_age,
    with_its_family,
    with_its_key,
)


@dataclass
class Thing:
    """Something that a token opened. `goes_on` is asked before the token ends, `is_over` again and again after it."""

    name: str
    goes_on: Callable[[], bool]
    is_over: Callable[[], bool]


@dataclass
class Followed:
    """A stream of events that a thread reads."""

    events: list[str] = field(default_factory=list)
    over: bool = False

    def read(self, client: httpx.Client, path: str) -> None:
        with suppress(httpx.TransportError), client.stream("GET", path) as answer:  # the test is over first
            self.events.extend(line for line in answer.iter_lines() if line)
        self.over = True


def _stream(client: httpx.Client, path: str) -> Thing:
    followed = Followed()
    threading.Thread(target=followed.read, args=(client, path), daemon=True).start()
    return Thing(
        f"stream {path.split('/')[2]}",
        lambda: bool(followed.events) and not followed.over,
        lambda: followed.over and followed.events[-2] == "event: end" and _says_why(followed.events[-1]),
    )


def _says_why(data: str) -> bool:
    return bool(json.loads(data.removeprefix("data: "))["reason"].startswith("the token is not valid: "))


class Upload:
    """A file that never ends: its bytes come one by one."""

    def __init__(self, ground: Ground, token: Token) -> None:
        host, _, port = ground.api.url.removeprefix("http://").partition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.sendall(
            f"PUT /api/buildings/{ground.building}/model?filename=slow.ifc HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {token.text}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        self.answer = b""

    def goes_on(self) -> bool:
        self.socket.sendall(b"1\r\nx\r\n")
        return not self.answered()

    def is_over(self) -> bool:
        if not self.answered():
            self.socket.sendall(b"1\r\nx\r\n")
            return False
        return self.answer.startswith(b"HTTP/1.1 401")

    def answered(self) -> bool:
        if select.select([self.socket], [], [], 0.1)[0] and not self.answer:
            self.answer = self.socket.recv(10_000)
        return bool(self.answer)


def _uploads(ground: Ground, token: Token, stack: ExitStack) -> Iterator[Thing]:
    """One that goes on, and one that sends nothing at all any more."""
    one, other = Upload(ground, token), Upload(ground, token)
    stack.callback(one.socket.close)
    stack.callback(other.socket.close)
    yield Thing("upload", one.goes_on, one.is_over)
    yield Thing("silent upload", other.goes_on, lambda: other.answered() and other.is_over())


def things_of(ground: Ground, token: Token, stack: ExitStack) -> list[Thing]:
    """All that the token opens."""
    client = ground.api.bearing(token.text)
    job = {"kind": "probe.noop"}
    things = [
        Thing(
            "request",
            lambda: client.get("/api/kinds").status_code == 200,
            lambda: client.get("/api/kinds").status_code == 401,
        ),
        Thing(
            "act",
            lambda: client.post("/api/jobs", json=job).status_code == 202,
            lambda: client.post("/api/jobs", json=job).status_code == 401,
        ),
        _stream(client, f"/api/jobs/{ground.job}/events"),
        _stream(client, f"/api/buildings/{ground.building}/events"),
        *_uploads(ground, token, stack),
        *_console(ground, token, stack),
    ]
    if token.family is not None:
        again = {"refresh_token": f"refresh-{token.family}"}

        def refreshed() -> int:
            return ground.api.nobody.post("/api/tokens/refresh", json=again).status_code

        things.append(Thing("refresh", lambda: refreshed() == 200, lambda: refreshed() == 401))
    return things


def _console(ground: Ground, token: Token, stack: ExitStack) -> Iterator[Thing]:
    browser = stack.enter_context(httpx.Client(base_url=f"{ground.api.url}/console/", timeout=30))
    assert browser.post("sign-in", data={"token": token.text}).status_code == 303
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', browser.get("queues").text)
    assert proof

    def acts() -> str:
        return browser.post("queues/cache/resume", data={"proof": proof[1]}).headers["location"]

    yield Thing(
        "console page",
        lambda: browser.get("queues").status_code == 200,
        lambda: browser.get("queues").status_code == 303,
    )
    yield Thing(
        "console act",
        lambda: acts().endswith("/console/queues"),
        lambda: acts().startswith("/console/sign-in"),
    )


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_whatever_a_token_opened_ends_with_it(ground: Ground, way: Way) -> None:
    token, end = way(ground, f"who-{uuid4()}")
    with ExitStack() as stack:
        things = things_of(ground, token, stack)
        for thing in things:
            wait_until(thing.goes_on, f"{thing.name} to begin", WITHIN_S)
        end()
        for thing in things:
            wait_until(thing.is_over, f"the end of: {thing.name}", WITHIN_S)
    models = ground.api.root.get(f"/api/buildings/{ground.building}/models").json()["items"]
    assert models == []


def test_others_go_on(ground: Ground) -> None:
    """What is ended is the token's, not everybody's."""
    with ExitStack() as stack:
        other = _token(f"other-{uuid4()}", jti=str(uuid4()))
        things = things_of(ground, other, stack)
        for way in WAYS:
            _, end = way(ground, f"who-{uuid4()}")
            end()
        time.sleep(3)  # long enough for every way
        assert [thing.name for thing in things if not thing.goes_on()] == []


def test_a_session_does_not_outlive_the_secret_that_its_token_was_signed_by(ground: Ground, tmp_path: Any) -> None:
    token = issue(SECRET, "ada", Role.VIEWER, 600)
    with httpx.Client(base_url=ground.api.url) as browser:
        browser.post("/console/sign-in", data={"token": token})
        cookie = browser.cookies["arxos_console"]
    with running_api(ground.api.world.variables, tmp_path, secret="another secret, which is as long") as changed:
        answer = changed.nobody.get("/console/overview", headers={"Cookie": f"arxos_console={cookie}"})
        assert answer.headers["location"].startswith("/console/sign-in")


def test_a_token_that_was_revoked_opens_no_session_either(ground: Ground) -> None:
    token = _token("late", jti=str(uuid4()))
    _done(ground.api.root.post("/api/tokens/revoke", json={"jti": token.jti}))
    with httpx.Client(base_url=ground.api.url) as browser:
        answer = browser.post("/console/sign-in", data={"token": token.text})
        assert (answer.status_code, "it was revoked" in answer.text) == (401, True)


def test_new_tokens_of_a_subject_are_good_again(ground: Ground) -> None:
    subject = f"who-{uuid4()}"
    _done(ground.api.root.post("/api/tokens/revoke-all", json={"subject": subject}))
    wait_until(
        lambda: ground.api.bearing(_token(subject).text).get("/api/kinds").status_code == 200, "a new token", WITHIN_S
    )
