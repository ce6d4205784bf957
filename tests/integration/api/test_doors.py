"""Who is refused is refused at once, before a byte of the body has come: every call × whoever may not make it."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from redis import Redis

from arxos.api.main import create_app
from arxos.app.tokens import issue
from arxos.domain.access import PERMISSIONS, Role
from tests.api_app import unconnected
from tests.api_calls import Call, calls_of
from tests.crowds import answered, ends, has_answer, peers, request, status_of
from tests.http import SECRET, Api, problem_of, running_api
from tests.running import wait_until

CALLS = calls_of(create_app(unconnected()))
AT_ONCE_S = 10.0  # of a machine that does other things; a body that is withheld is given up later
BODIES = {
    "withheld": {"Content_Length": "1000"},
    "withheld, unknown length": {"Transfer_Encoding": "chunked"},
    "too large": {"Content_Length": "99000000"},
    "asks before it sends": {"Content_Length": "1000", "Expect": "100-continue"},
}
CALLERS = {"no token": None, "a wrong token": "x.y.z", "viewer": Role.VIEWER}


@pytest.fixture(scope="module")
def slow(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An interface that is patient with bodies, and with guesses."""
    more = {"ARXOS_FAILURES_PER_MINUTE": "1000000", "ARXOS_BODY_S": "600"}
    with running_api(api.world.variables | more, tmp_path_factory.mktemp("slow")) as slow:
        yield slow


def refused_with(call: Call, caller: str) -> int | None:
    """The status that this caller must be told; None where the body is waited for."""
    if call.permission is None:
        return None
    if caller != "viewer":
        return 401
    return None if call.permission in PERMISSIONS[Role.VIEWER] else 403


@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("caller", CALLERS)
def test_a_refusal_waits_for_no_body_and_ends_the_connection(slow: Api, caller: str, sent: dict[str, str]) -> None:
    role = CALLERS[caller]
    token = issue(SECRET, "eve", role, 600) if isinstance(role, Role) else role
    asked = [(call, status) for call in CALLS if (status := refused_with(call, caller)) is not None]
    assert len(asked) > 15
    for call, status in asked:
        head = request(call.method, call.path, token, Content_Type="application/json", **sent)
        with peers(slow.url, 1, head) as [one]:
            answer = answered(one, AT_ONCE_S)
            assert status_of(answer) == status, (call.name, answer)
            assert b"connection: close" in answer.lower(), call.name
            assert ends(one, AT_ONCE_S), call.name


@pytest.mark.parametrize("path", ["/api/tokens/refresh", "/console/sign-in", "/api/jobs", "/nowhere"])
def test_a_stranger_may_send_64_kib_and_no_more(slow: Api, path: str) -> None:
    large = b'{"refresh_token": "' + b"x" * 70_000 + b'"}'
    answer = slow.nobody.post(path, content=large, headers={"Content-Type": "application/json"})
    assert answer.status_code == (401 if path == "/api/jobs" else 413)
    assert answer.headers["connection"] == "close"
    chunks = slow.nobody.post(
        path, content=iter([large[:1000], large[1000:]]), headers={"Content-Type": "application/json"}
    )
    assert chunks.status_code in {401, 404, 413, 422}  # a form that is none is not read


def test_whoever_is_refused_while_sending_reads_the_refusal(slow: Api) -> None:
    """And not a reset connection: what still comes is thrown away for a moment."""
    head = request("POST", "/api/jobs", Content_Length="4000000", Content_Type="application/json")
    with peers(slow.url, 1, head) as [one]:
        one.sendall(b" " * 3_000_000)
        assert status_of(answered(one, AT_ONCE_S)) == 401
        assert ends(one, AT_ONCE_S)


def test_a_body_that_does_not_come_is_given_up(api: Api, tmp_path: Path) -> None:
    token = issue(SECRET, "eve", Role.EDITOR, 600)
    head = request("POST", "/api/jobs", token, Content_Length="1000", Content_Type="application/json")
    with (
        running_api(api.world.variables | {"ARXOS_BODY_S": "1"}, tmp_path) as strict,
        peers(strict.url, 1, head) as [one],
    ):
        answer = answered(one, 30)
        assert status_of(answer) == 408
        assert b"connection: close" in answer.lower()
        assert ends(one, 30)


def test_an_upload_that_trickles_is_given_up_and_nothing_of_it_stays(api: Api, tmp_path: Path) -> None:
    building = {"name": "Office", "address": "Beispielallee 12, 20457 Hamburg"}
    path = api.editor.post("/api/buildings", json=building).headers["location"]
    token = issue(SECRET, "eve", Role.EDITOR, 600)
    head = request("PUT", f"{path}/model?filename=a.ifc", token, Transfer_Encoding="chunked")
    with (
        running_api(api.world.variables | {"ARXOS_BODY_S": "1"}, tmp_path) as strict,
        peers(strict.url, 1, head) as [one],
    ):
        answer = trickled(one, b"4\r\nISO-\r\n")
    assert status_of(answer) == 408
    assert api.viewer.get(f"{path}/models").json()["items"] == []


def trickled(one: socket.socket, piece: bytes) -> bytes:
    """The answer to whoever sends such a piece again and again."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            one.sendall(piece)
        except ConnectionError:
            break
        if answer := answered(one, 0.2):
            return answer
    return answered(one, 5)


def test_headers_that_do_not_come_end_the_connection(api: Api) -> None:
    with (
        peers(api.url, 1) as silent,
        peers(api.url, 1, b"GET / HTTP/1.1\r\nX: ") as half,
        peers(api.url, 1, b"\r\n") as empty,
    ):
        for one in (*silent, *half, *empty):
            assert ends(one, 40)


def test_headers_without_end_are_refused(api: Api) -> None:
    with peers(api.url, 1, b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000) as [one]:
        assert status_of(answered(one, AT_ONCE_S)) == 431
        assert ends(one, AT_ONCE_S)


@pytest.mark.parametrize(
    "sent",
    [
        b"rubbish\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 5_000,
    ],
    ids=["rubbish", "length", "path", "far ahead"],
)
def test_what_is_no_request_is_told_so_in_a_problem_document(api: Api, sent: bytes) -> None:
    with peers(api.url, 1, sent) as [one]:
        one.settimeout(AT_ONCE_S)
        told = b"".join(iter(lambda: _received(one), b""))
    assert b"HTTP/1.1 400" in told
    assert b"application/problem+json" in told


def _received(one: socket.socket) -> bytes:
    try:
        return one.recv(65536)
    except ConnectionError:
        return b""


def test_idle_connections_make_room_and_busy_ones_do_not(api: Api, tmp_path: Path) -> None:
    with ExitStack() as open_ones:
        few = {"ARXOS_CONNECTIONS_PER_ADDRESS": "8"}
        strict = open_ones.enter_context(running_api(api.world.variables | few, tmp_path))
        token = issue(SECRET, "eve", Role.EDITOR, 600)
        head = request("POST", "/api/jobs", token, Content_Length="1000", Content_Type="application/json")
        idle = open_ones.enter_context(peers(strict.url, 8))
        live = open_ones.enter_context(peers(strict.url, 1, request("GET", "/health/live")))
        assert status_of(answered(live[0], AT_ONCE_S)) == 200
        assert ends(idle[0], AT_ONCE_S)
        open_ones.enter_context(peers(strict.url, 8, head))
        one_more = open_ones.enter_context(peers(strict.url, 1, request("GET", "/api/kinds", token)))[0]
        answer = answered(one_more, AT_ONCE_S)
        assert status_of(answer) == 503
        assert b"retry-after" in answer.lower()
        still_live = open_ones.enter_context(peers(strict.url, 1, request("GET", "/health/live")))[0]
        assert status_of(answered(still_live, AT_ONCE_S)) == 200
        other_address = httpx.Client(base_url=strict.url, headers={"Authorization": f"Bearer {token}"})
        open_ones.callback(other_address.close)
        assert other_address.get("/api/kinds").status_code == 200


@pytest.mark.parametrize("sources", [1, 8])
def test_one_caller_does_not_take_all_requests_that_are_answered_at_once(
    api: Api, tmp_path: Path, sources: int
) -> None:
    with running_api(api.world.variables | {"ARXOS_REQUESTS_AT_ONCE": "4"}, tmp_path) as strict:
        token = issue(SECRET, "eve", Role.EDITOR, 600)
        head = request("POST", "/api/jobs", token, Content_Length="1000", Content_Type="application/json")
        with peers(strict.url, 8, head, sources) as some:
            wait_until(lambda: sum(map(has_answer, some)) == 4, "four to be refused")
            assert {status_of(answered(one, AT_ONCE_S)) for one in some if has_answer(one)} == {429}
            assert strict.viewer.get("/api/kinds").status_code == 200


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_rate_is_one_for_all_processes_and_holds_while_redis_is_away(
    api: Api, redis_url: str, tmp_path: Path
) -> None:
    cache = f"{redis_url.rpartition('/')[0]}/{(int(redis_url.rpartition('/')[2]) + 1)}"
    variables = api.world.variables | {"ARXOS_FAILURES_PER_MINUTE": "20", "ARXOS_CACHE_URL": cache}
    with Redis.from_url(cache) as client:
        client.flushdb()
    for number, address in enumerate((cache, "redis://127.0.0.1:1/0")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with running_api(variables | {"ARXOS_CACHE_URL": address}, folder, workers=2) as two:
            statuses = [guess(two) for _ in range(40)]
        assert statuses.count(401) == 20 if address == cache else 10 <= statuses.count(401) <= 20, statuses


def guess(api: Api) -> int:
    """Over a connection of its own: each may lie with another process."""
    return httpx.get(f"{api.url}/api/kinds", headers={"Authorization": "Bearer x.y.z"}, timeout=20).status_code


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_from_this_machine(api: Api, header: str) -> None:
    assert api.nobody.get("/metrics").status_code == 200
    problem_of(api.nobody.get("/metrics", headers={header: "198.51.100.1"}), 401)
    assert api.viewer.get("/metrics", headers={header: "198.51.100.1"}).status_code == 200


def test_failures_count_for_the_client_behind_a_trusted_proxy(api: Api, tmp_path: Path) -> None:
    more = {"ARXOS_TRUSTED_PROXIES": "127.0.0.0/8", "ARXOS_FAILURES_PER_MINUTE": "5"}
    with running_api(api.world.variables | more, tmp_path) as behind:
        guesser = behind.bearing("x.y.z")
        statuses = [guesser.get("/api/kinds", headers={"X-Forwarded-For": "203.0.113.9"}).status_code for _ in range(8)]
        assert statuses == [401] * 5 + [429] * 3
        assert guesser.get("/api/kinds", headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 401
        problem_of(behind.nobody.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}), 401)


def test_a_large_batch_is_taken_and_a_wrong_one_is_told_of_shortly(api: Api) -> None:
    jobs = [{"kind": "probe.noop", "payload": {}, "run_at": "2099-01-01T00:00:00Z"}] * 6_000
    assert len(api.editor.post("/api/jobs/batch", json={"jobs": jobs}).raise_for_status().json()["ids"]) == 6_000
    wrong = json.dumps({"jobs": [{"kind": "probe.noop", "priority": "x"}] * 10_000})
    answer = api.editor.post("/api/jobs/batch", content=wrong, headers={"Content-Type": "application/json"})
    assert len(problem_of(answer, 422)["errors"]) == 100
    broken = api.editor.post("/api/jobs/batch", content=wrong[:-5], headers={"Content-Type": "application/json"})
    problem_of(broken, 400)
    payload = {f"{n}": 0 for n in range(60_000)}
    problem_of(api.editor.post("/api/jobs", json={"kind": "probe.noop", "payload": payload}), 422)


def test_a_process_whose_parent_is_killed_leaves_the_port(api: Api, tmp_path: Path) -> None:
    with running_api(api.world.variables, tmp_path, workers=2) as orphaned:
        orphaned.process.kill()

        def is_gone() -> bool:
            try:
                httpx.get(f"{orphaned.url}/health/live", timeout=5)
            except httpx.TransportError:
                return True
            return False

        wait_until(is_gone, "both processes to have ended", 60)
