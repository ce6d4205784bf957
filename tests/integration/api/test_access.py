"""Who gets in and who may do what: every call of the interface, found in its own description."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from arxos.api.main import create_app
from arxos.app.tokens import ISSUER, issue
from arxos.domain.access import PERMISSIONS, Permission, Role
from arxos.storage.refresh_tokens import RefreshTokens
from tests.api_app import unconnected
from tests.api_calls import Call, calls_of
from tests.http import SECRET, Api, problem_of, running_api
from tests.running import wait_until

APP = create_app(unconnected())
CALLS = calls_of(APP)
GUARDED = [call for call in CALLS if call.permission is not None]
OPEN = {"GET /health", "GET /health/live", "GET /health/ready", "GET /metrics", "POST /api/tokens/refresh"}


def asked(client: httpx.Client, call: Call, token: str | None = None) -> httpx.Response:
    """The call, about things that do not exist."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    with client.stream(call.method, call.path, content=b"{}", headers=headers) as answer:
        answer.read()
        return answer


def test_every_call_but_a_few_asks_who_calls() -> None:
    assert {call.name for call in CALLS if call.permission is None} == OPEN
    assert len(GUARDED) > 40


def test_the_roles_include_each_other() -> None:
    viewer, editor, admin, root = (PERMISSIONS[role] for role in Role)
    assert viewer < editor < admin < root == frozenset(Permission)


@pytest.mark.parametrize("role", Role)
def test_a_role_does_what_its_row_allows_and_nothing_else(api: Api, role: Role) -> None:
    for number, call in enumerate(GUARDED):
        assert call.permission is not None
        token = issue(
            SECRET, f"eve-{role}-{number}", role, 60
        )  # of another: some calls end the token, or all of the caller's
        answer = asked(api.nobody, call, token)
        status = answer.status_code
        if call.permission in PERMISSIONS[role]:
            assert status not in {401, 403}, (call.name, answer.text)
        else:
            assert status == 403, call.name


def _claims(**fields: Any) -> dict[str, Any]:
    now = int(time.time())
    known = {"sub": "eve", "roles": ["super_admin"], "iss": ISSUER, "iat": now, "exp": now + 600, "jti": str(uuid4())}
    return known | fields


def _tampered() -> str:
    head, _, signature = issue(SECRET, "eve", Role.VIEWER, 600).split(".")
    body = jwt.encode(_claims(), SECRET, algorithm="HS256").split(".")[1]
    return f"{head}.{body}.{signature}"


WRONG = {
    "none": "",
    "rubbish": "x.y.z",
    "expired": jwt.encode(_claims(exp=int(time.time()) - 3600), SECRET, algorithm="HS256"),
    "not yet valid": jwt.encode(_claims(nbf=int(time.time()) + 3600), SECRET, algorithm="HS256"),
    "another key": jwt.encode(_claims(), "another secret, which is long enough", algorithm="HS256"),
    "no algorithm": jwt.encode(_claims(), "", algorithm="none"),
    "another algorithm": jwt.encode(_claims(), SECRET * 2, algorithm="HS512"),
    "another issuer": jwt.encode(_claims(iss="elsewhere"), SECRET, algorithm="HS256"),
    "no role": jwt.encode(_claims(roles=[]), SECRET, algorithm="HS256"),
    "tampered with": _tampered(),
}


@pytest.fixture(scope="module")
def patient(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An interface that lets anybody guess as long as they like."""
    with running_api(
        api.world.variables | {"ARXOS_FAILURES_PER_MINUTE": "1000000"}, tmp_path_factory.mktemp("patient")
    ) as patient:
        yield patient


@pytest.mark.parametrize("token", WRONG.values(), ids=WRONG.keys())
def test_nobody_gets_in_with_a_wrong_token(patient: Api, token: str) -> None:
    client = patient.bearing(token) if token else patient.nobody
    for call in GUARDED:
        answer = asked(client, call)
        assert answer.status_code == 401, call.name
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "urn:arxos:problem:unauthenticated"
        assert token[:20] not in answer.text or not token


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "bearer x y", "Token x", "é"])
def test_another_sort_of_credentials_is_none(api: Api, header: str) -> None:
    answer = api.nobody.get("/api/kinds", headers=[(b"Authorization", header.encode("latin-1"))])
    problem_of(answer, 401)


def test_somebody_who_guesses_is_stopped_and_nobody_else(api: Api, tmp_path: Any) -> None:
    with running_api(api.world.variables | {"ARXOS_FAILURES_PER_MINUTE": "5"}, tmp_path) as strict:
        guesser = strict.bearing("x.y.z")
        statuses = [guesser.get("/api/kinds").status_code for _ in range(8)]
        assert statuses == [401] * 5 + [429] * 3
        assert int(guesser.get("/api/kinds").headers["retry-after"]) >= 1
        assert strict.viewer.get("/api/kinds").status_code == 200


def test_a_caller_that_asks_too_much_waits_and_others_do_not(api: Api, tmp_path: Any) -> None:
    with running_api(api.world.variables | {"ARXOS_REQUESTS_PER_S": "1"}, tmp_path) as strict:
        with ThreadPoolExecutor(8) as threads:  # a machine that is busy answers fewer than one alone could ask for
            answers = list(threads.map(lambda _: strict.viewer.get("/api/kinds"), range(40)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert problem_of(refused[0], 429)["type"] == "urn:arxos:problem:too-many"
        assert strict.editor.get("/api/kinds").status_code == 200


def test_a_revoked_token_opens_nothing_in_any_process(api: Api, tmp_path: Any) -> None:
    with running_api(variables_of(api), tmp_path, workers=2) as two:
        token = issue(SECRET, "eve", Role.EDITOR, 600)
        assert two.bearing(token).get("/api/kinds").status_code == 200
        assert two.bearing(token).post("/api/tokens/revoke", json={"reason": "leaked"}).status_code == 204

        def is_closed() -> bool:
            """Each connection may lie with another process."""
            statuses = set()
            for _ in range(12):
                with httpx.Client(base_url=two.url, headers={"Authorization": f"Bearer {token}"}) as client:
                    statuses.add(client.get("/api/kinds").status_code)
            return statuses == {401}

        wait_until(is_closed, "both processes to know", 5)
        [(actor, reason)] = two.world.sql(
            "SELECT actor, reason FROM operator_actions WHERE action = 'revoke token' ORDER BY id DESC LIMIT 1"
        )
        assert (actor, reason) == ("eve", "leaked")


def test_only_who_administers_revokes_anothers_token(api: Api) -> None:
    token = issue(SECRET, "eve", Role.EDITOR, 600)
    jti = jwt.decode(token, options={"verify_signature": False})["jti"]
    problem_of(api.admin.post("/api/tokens/revoke", json={"jti": jti}), 403)
    assert api.root.post("/api/tokens/revoke", json={"jti": jti}).status_code == 204
    assert "it was revoked" in problem_of(api.bearing(token).get("/api/kinds"), 401)["detail"]


def family(api: Api, token: str) -> None:
    """A refresh token, as `arxos token --refresh` keeps it."""
    RefreshTokens(api.world.runtime.database).keep(token, uuid4(), "eve", Role.EDITOR, 3600)


def test_a_refresh_token_is_good_once_and_ends_its_family_when_used_twice(api: Api) -> None:
    first = f"first-{uuid4()}-{uuid4()}"
    family(api, first)
    fresh = api.nobody.post("/api/tokens/refresh", json={"refresh_token": first}).json()
    assert (fresh["token_type"], fresh["expires_in"]) == ("Bearer", 900)
    assert api.bearing(fresh["access_token"]).get("/api/kinds").status_code == 200
    second = api.nobody.post("/api/tokens/refresh", json={"refresh_token": fresh["refresh_token"]}).json()
    problem_of(api.nobody.post("/api/tokens/refresh", json={"refresh_token": first}), 401)
    problem_of(api.nobody.post("/api/tokens/refresh", json={"refresh_token": second["refresh_token"]}), 401)
    assert api.world.sql("SELECT count(*) FROM operator_actions WHERE action = 'end refresh tokens'") == [(1,)]


def test_no_token_is_kept_as_it_is(api: Api) -> None:
    token = f"kept-{uuid4()}-{uuid4()}"
    family(api, token)
    rows = api.world.sql("SELECT refresh_tokens::text FROM refresh_tokens")
    assert not [row for (row,) in rows if token in row]


@pytest.mark.parametrize("token", ["", "x", "y" * 501, "unknown-token-that-is-long-enough"])
def test_an_unknown_refresh_token_is_refused(api: Api, token: str) -> None:
    answer = api.nobody.post("/api/tokens/refresh", json={"refresh_token": token})
    assert answer.status_code == (401 if token.startswith("unknown") else 422)
    assert len(token) < 20 or token not in answer.text


def test_too_large_a_request_is_refused_whatever_it_says_of_its_size(api: Api, tmp_path: Any) -> None:
    with running_api(api.world.variables | {"ARXOS_BODY_LIMIT_MB": "1"}, tmp_path) as strict:
        large = b" " * (1 << 20) + b'{"kind": "probe.noop"}'
        problem_of(strict.editor.post("/api/jobs", content=large), 413)
        unsaid = strict.editor.post("/api/jobs", content=iter([large[:1000], large[1000:]]))
        problem_of(unsaid, 413)
        assert strict.editor.post("/api/jobs", json={"kind": "probe.noop"}).status_code == 202


@pytest.mark.parametrize("headers", [{f"X-{n}": "1" for n in range(90)}, {"X-Large": "x" * 40_000}])
def test_too_many_or_too_large_headers_are_refused(api: Api, headers: dict[str, str]) -> None:
    problem_of(api.viewer.get("/api/kinds", headers=headers), 431)


def test_a_payload_that_is_nested_too_deeply_is_refused(api: Api) -> None:
    deep: Any = {}
    for _ in range(40):
        deep = {"a": deep}
    problem = problem_of(api.editor.post("/api/jobs", json={"kind": "probe.noop", "payload": deep}), 422)
    assert problem["errors"] == [{"field": "payload", "message": "value error, nested more than 32 deep"}]


def test_answers_carry_safe_headers(api: Api) -> None:
    for answer in (api.viewer.get("/api/kinds"), api.nobody.get("/api/kinds"), api.viewer.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


def test_pages_elsewhere_may_not_call_unless_they_are_named(api: Api, tmp_path: Any) -> None:
    asking = {"Origin": "https://bim.example", "Access-Control-Request-Method": "GET"}
    assert "access-control-allow-origin" not in api.viewer.options("/api/kinds", headers=asking).headers
    more = {"ARXOS_CORS_ORIGINS": "https://bim.example", "ARXOS_API_HTTPS": "1"}
    with running_api(api.world.variables | more, tmp_path) as named:
        answer = named.viewer.options("/api/kinds", headers=asking)
        assert answer.headers["access-control-allow-origin"] == "https://bim.example"
        other = named.viewer.options("/api/kinds", headers=asking | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        assert "max-age" in named.viewer.get("/api/kinds").headers["strict-transport-security"]


def test_only_a_trusted_proxy_says_where_somebody_is(api: Api, tmp_path: Any) -> None:
    job = {"kind": "probe.noop"}
    with running_api(api.world.variables | {"ARXOS_TRUSTED_PROXIES": "127.0.0.0/8"}, tmp_path) as behind:
        for served, expected in ((api, "http@127.0.0.1"), (behind, "http@203.0.113.9")):
            job_id = served.editor.post("/api/jobs", json=job | {"run_at": "2099-01-01T00:00:00Z"}).json()["id"]
            told = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
            served.admin.post(f"/api/jobs/{job_id}/retry", headers=told).raise_for_status()
            assert served.viewer.get(f"/api/jobs/{job_id}").json()["acts"][0]["source"] == expected


def test_no_secret_reaches_logs_or_answers(api: Api) -> None:
    token = issue(SECRET, "eve", Role.EDITOR, 600)
    api.bearing(token + "x").get("/api/kinds")
    api.bearing(token).post("/api/jobs", json={"kind": "probe.noop", "payload": {"password": "hunter2"}})
    log = api.log.read_text()
    assert not [secret for secret in (SECRET, token, "hunter2") if secret in log]


def variables_of(api: Api) -> dict[str, str]:
    return dict(api.world.variables)
