"""Sessions and families of refresh tokens: who sees them, who ends them, and that forms come from our own pages."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from arxos.app.tokens import issue
from arxos.domain.access import Role
from arxos.storage import refresh_tokens
from arxos.storage.refresh_tokens import RefreshTokens
from tests.command_line import Cli
from tests.http import SECRET, Api, problem_of, running_api


@pytest.fixture
def who() -> str:
    """A subject that nobody else is."""
    return f"ada-{uuid4()}"


@pytest.fixture
def browser(api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{api.url}/console/", timeout=30) as browser:
        yield browser


def sign_in(
    browser: httpx.Client, subject: str, role: Role = Role.VIEWER, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    return browser.post("sign-in", data={"token": issue(SECRET, subject, role, 3600)}, headers=headers)


def is_signed_in(browser: httpx.Client) -> bool:
    return browser.get("overview").status_code == 200


def proof_of(browser: httpx.Client) -> str:
    proof = re.search(r'name="proof" value="([0-9a-f]{64})"', browser.get("overview").text)
    assert proof
    return proof[1]


def sessions(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/sessions", params=query).raise_for_status().json()["items"]
    return found


def kept(api: Api, subject: str, role: Role = Role.EDITOR) -> tuple[str, UUID]:
    """A refresh token, and its family."""
    token, family = f"refresh-{uuid4()}", uuid4()
    RefreshTokens(api.world.runtime.database).keep(token, family, subject, role, 3600)
    return token, family


def refreshed(api: Api, token: str) -> httpx.Response:
    return api.nobody.post("/api/tokens/refresh", json={"refresh_token": token})


def arxos(api: Api, *arguments: str) -> subprocess.CompletedProcess[str]:
    return Cli(dict(api.world.variables)).run(*arguments)


def acts(api: Api, action: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.viewer.get("/api/acts", params={"action": action}).json()["items"]
    return found


# Sessions


def test_a_session_tells_who_from_where_and_by_which_token(api: Api, browser: httpx.Client, who: str) -> None:
    sign_in(browser, who, Role.EDITOR)
    [session] = sessions(api.root, subject=who)
    assert (session["subject"], session["role"], session["source"]) == (who, "editor", "console@127.0.0.1")
    assert session["token_id"] == str(UUID(session["token_id"]))
    assert session["started_at"] <= session["seen_at"] < session["expires_at"]


def test_everybody_sees_and_ends_their_own_and_no_others(api: Api, browser: httpx.Client, who: str) -> None:
    sign_in(browser, who)
    oneself, other = api.as_(Role.VIEWER, who), api.as_(Role.ADMIN, f"{who}-other")
    [session] = sessions(oneself)
    assert sessions(other) == sessions(other, subject=who) == []
    problem_of(other.delete(f"/api/sessions/{session['id']}"), 404)
    assert is_signed_in(browser)
    assert oneself.delete(f"/api/sessions/{session['id']}").status_code == 204
    assert not is_signed_in(browser)
    assert sessions(oneself) == []
    problem_of(oneself.delete(f"/api/sessions/{session['id']}"), 404)


def test_who_administers_ends_anybodys_and_is_recorded(api: Api, browser: httpx.Client, who: str) -> None:
    sign_in(browser, who)
    [session] = sessions(api.root, subject=who)
    ended = api.root.delete(f"/api/sessions/{session['id']}", params={"reason": "a laptop was lost"})
    assert ended.status_code == 204
    assert not is_signed_in(browser)
    act = acts(api, "end session")[0]
    assert (act["actor"], act["reason"], act["source"]) == ("test-super_admin", "a laptop was lost", "http@127.0.0.1")
    assert act["details"] == {"session": session["id"], "subject": who}


def test_lists_come_in_pages(api: Api, who: str) -> None:
    families = {str(kept(api, who)[1]) for _ in range(5)}
    with httpx.Client(base_url=f"{api.url}/console/") as browser:
        for _ in range(5):
            browser.cookies.clear()
            sign_in(browser, who)
    client = api.as_(Role.VIEWER, who)
    for path, expected in (("/api/tokens/families", families), ("/api/sessions", None)):
        seen, cursor = list[str](), None
        while True:
            page = client.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
            seen += [one["id"] for one in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert len(seen) == len(set(seen)) == 5
        assert expected is None or set(seen) == expected
        problem_of(client.get(path, params={"cursor": "x"}), 422)


def test_who_signs_in_again_has_another_cookie_and_one_session(api: Api, browser: httpx.Client, who: str) -> None:
    """A cookie that was planted before is worth nothing after the sign-in."""
    browser.cookies.set("arxos_console", "planted-by-somebody", domain="127.0.0.1", path="/console")
    sign_in(browser, who)
    first = next(value for value in (cookie.value for cookie in browser.cookies.jar) if value != "planted-by-somebody")
    browser.cookies.clear()
    browser.cookies.set("arxos_console", str(first), domain="127.0.0.1", path="/console")
    second = sign_in(browser, who).cookies["arxos_console"]
    assert len({"planted-by-somebody", first, second}) == 3
    assert len(sessions(api.root, subject=who)) == 1


# Everything of a subject


def test_everything_of_a_subject_ends_at_once(api: Api, browser: httpx.Client, who: str) -> None:
    sign_in(browser, who)
    token, _ = kept(api, who)
    client = api.as_(Role.EDITOR, who)
    assert client.get("/api/kinds").status_code == 200
    problem_of(api.admin.post("/api/tokens/revoke-all", json={"subject": who}), 403)
    ended = api.root.post("/api/tokens/revoke-all", json={"subject": who, "reason": "has left"}).json()
    assert (ended["sessions"], ended["families"]) == (1, 1)
    assert not is_signed_in(browser)
    problem_of(refreshed(api, token), 401)
    assert "everything of its subject was ended" in problem_of(client.get("/api/kinds"), 401)["detail"]
    act = acts(api, "end subject")[0]
    assert (act["actor"], act["reason"]) == ("test-super_admin", "has left")
    assert act["details"] == {"subject": who, "sessions": 1, "families": 1}


def test_everybody_may_end_everything_of_their_own(api: Api, browser: httpx.Client, who: str) -> None:
    sign_in(browser, who)
    client = api.as_(Role.VIEWER, who)
    assert client.post("/api/tokens/revoke-all").status_code == 200
    assert not is_signed_in(browser)
    problem_of(client.get("/api/kinds"), 401)


# Refresh tokens


def test_a_family_is_seen_and_ended_by_its_subject_and_by_who_administers(api: Api, who: str) -> None:
    token, family = kept(api, who)
    fresh = refreshed(api, token).json()
    oneself, other = api.as_(Role.VIEWER, who), api.as_(Role.ADMIN, f"{who}-other")
    [seen] = oneself.get("/api/tokens/families").json()["items"]
    assert (seen["id"], seen["subject"], seen["role"]) == (str(family), who, "editor")
    assert seen["started_at"] < seen["refreshed_at"] < seen["expires_at"]
    assert other.get("/api/tokens/families", params={"subject": who}).json()["items"] == []
    problem_of(other.delete(f"/api/tokens/families/{family}"), 404)
    assert oneself.delete(f"/api/tokens/families/{family}").status_code == 204
    problem_of(refreshed(api, fresh["refresh_token"]), 401)
    detail = problem_of(api.bearing(fresh["access_token"]).get("/api/kinds"), 401)["detail"]
    assert "its family of refresh tokens was ended" in detail
    assert oneself.get("/api/tokens/families").json()["items"] == []
    problem_of(api.root.delete(f"/api/tokens/families/{family}"), 404)
    assert acts(api, "end refresh tokens")[0]["details"] == {"family": str(family), "subject": who, "tokens": 2}


def test_a_refresh_whose_answer_was_lost_is_answered_again(api: Api, who: str) -> None:
    token, _ = kept(api, who)
    first, again = refreshed(api, token), refreshed(api, token)
    assert first.status_code == again.status_code == 200
    assert first.json()["refresh_token"] == again.json()["refresh_token"]
    assert api.bearing(again.json()["access_token"]).get("/api/kinds").status_code == 200
    assert refreshed(api, again.json()["refresh_token"]).status_code == 200


def test_two_that_refresh_at_the_same_moment_both_go_on(api: Api, who: str) -> None:
    token, family = kept(api, who)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: refreshed(api, token), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    [following] = {answer.json()["refresh_token"] for answer in answers}
    assert refreshed(api, following).status_code == 200
    assert api.world.sql("SELECT count(*) FROM refresh_tokens WHERE family = %s", family) == [(3,)]


def test_a_refresh_token_that_is_used_after_its_successor_ends_the_family(api: Api, who: str) -> None:
    """The answer was not lost, then: somebody has a copy."""
    token, _ = kept(api, who)
    second = refreshed(api, token).json()["refresh_token"]
    third = refreshed(api, second).json()["refresh_token"]
    problem_of(refreshed(api, token), 401)
    problem_of(refreshed(api, third), 401)
    assert acts(api, "end refresh tokens")[0]["reason"] == "a refresh token was used twice"


def test_a_refresh_token_that_is_repeated_late_ends_the_family(api: Api, who: str) -> None:
    token, family = kept(api, who)
    following = refreshed(api, token).json()["refresh_token"]
    late = f"UPDATE refresh_tokens SET used_at = used_at - interval '{refresh_tokens.GRACE_S + 1} s' WHERE family = %s"
    api.world.execute(late, family)
    problem_of(refreshed(api, token), 401)
    problem_of(refreshed(api, following), 401)


def test_a_successor_is_in_no_table_and_cannot_be_computed_from_one(api: Api, who: str) -> None:
    token, family = kept(api, who)
    following = refreshed(api, token).json()["refresh_token"]
    rows = api.world.sql("SELECT refresh_tokens::text FROM refresh_tokens WHERE family = %s", family)
    assert not [row for (row,) in rows if token in row or following in row]


def test_a_family_that_ends_while_it_is_refreshed_is_over(api: Api, who: str) -> None:
    """Whatever comes first, no successor is left that lives."""
    for _ in range(20):
        token, family = kept(api, who)
        with ThreadPoolExecutor(2) as threads:
            answer = threads.submit(refreshed, api, token)
            ended = threads.submit(api.root.delete, f"/api/tokens/families/{family}")
        assert ended.result().status_code == 204
        if answer.result().status_code == 200:
            problem_of(refreshed(api, answer.result().json()["refresh_token"]), 401)
            problem_of(api.bearing(answer.result().json()["access_token"]).get("/api/kinds"), 401)


# The life of tokens


MONTH = 30 * 86_400
TOO_LONG = {
    "--expires": (MONTH + 1, f"--expires: {MONTH + 1} s is longer than ARXOS_TOKEN_LIFE_MAX_S allows: {MONTH} s"),
    "--refresh": (
        3 * MONTH + 1,
        f"--refresh: {3 * MONTH + 1} s is longer than ARXOS_REFRESH_LIFE_MAX_S allows: {3 * MONTH} s",
    ),
}


@pytest.mark.parametrize("option", TOO_LONG)
def test_no_longer_life_is_given_than_is_believed(api: Api, option: str) -> None:
    seconds, words = TOO_LONG[option]
    refused = arxos(api, "token", "--subject", "ada", "--role", "viewer", option, str(seconds))
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", f"arxos: {words}\n")


def test_the_longest_life_is_a_setting(api: Api, tmp_path: Any) -> None:
    token = issue(SECRET, "ada", Role.VIEWER, MONTH + 1)
    assert "ARXOS_TOKEN_LIFE_MAX_S" in problem_of(api.bearing(token).get("/api/kinds"), 401)["detail"]
    with running_api(api.world.variables | {"ARXOS_TOKEN_LIFE_MAX_S": str(MONTH + 1)}, tmp_path) as patient:
        assert patient.bearing(token).get("/api/kinds").status_code == 200


def test_a_revocation_is_remembered_as_long_as_its_token_could_be_good(api: Api) -> None:
    """Until the token's end where that is known, else for good."""
    token = issue(SECRET, "ada", Role.VIEWER, 3600)
    assert api.bearing(token).post("/api/tokens/revoke").status_code == 204
    jti = f"unknown-{uuid4()}"
    assert api.root.post("/api/tokens/revoke", json={"jti": jti}).status_code == 204
    query = "SELECT expires_at > now() + interval '59 minutes', expires_at > now() + interval '900 years' FROM {}"
    [own] = api.world.sql(query.format("revoked_tokens WHERE revoked_by = 'ada'"))
    [named] = api.world.sql(query.format("revoked_tokens WHERE jti = %s"), jti)
    assert (own, named) == ((True, False), (True, True))


# Forms from elsewhere

ELSEWHERE = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Referer": "https://evil.example/page"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
)


@pytest.mark.parametrize("headers", ELSEWHERE, ids=lambda headers: "+".join(map("=".join, headers.items())))
def test_no_page_elsewhere_signs_anybody_in(api: Api, browser: httpx.Client, who: str, headers: dict[str, str]) -> None:
    """Or people would work in somebody else's session without knowing it."""
    answer = sign_in(browser, who, headers=headers)
    assert (answer.status_code, "this form comes from elsewhere" in answer.text) == (403, True)
    assert not browser.cookies
    assert sessions(api.root, subject=who) == []


@pytest.mark.parametrize("headers", ELSEWHERE, ids=lambda headers: "+".join(map("=".join, headers.items())))
@pytest.mark.parametrize("path", ["sign-out", "queues/cache/pause", "sessions/end-all"])
def test_no_page_elsewhere_acts(browser: httpx.Client, who: str, path: str, headers: dict[str, str]) -> None:
    """Not even with a proof."""
    sign_in(browser, who, Role.SUPER_ADMIN)
    answer = browser.post(path, data={"proof": proof_of(browser), "subject": who}, headers=headers)
    assert (answer.status_code, "this form comes from elsewhere" in answer.text) == (403, True)
    assert is_signed_in(browser)


def test_our_own_pages_sign_in(api: Api, browser: httpx.Client, who: str) -> None:
    own = {"Origin": api.url, "Sec-Fetch-Site": "same-origin", "Referer": f"{api.url}/console/sign-in"}
    assert sign_in(browser, who, headers=own).status_code == 303
    assert is_signed_in(browser)


def test_behind_a_proxy_the_console_is_where_the_settings_say(api: Api, who: str, tmp_path: Any) -> None:
    more = {"ARXOS_CONSOLE_ORIGINS": "https://console.example", "ARXOS_API_HTTPS": "1"}
    with running_api(api.world.variables | more, tmp_path) as behind:
        with httpx.Client(base_url=f"{behind.url}/console/") as browser:
            assert sign_in(browser, who, headers={"Origin": behind.url}).status_code == 403
            answer = sign_in(browser, who, headers={"Origin": "https://console.example"})
        cookie = answer.headers["set-cookie"]
        assert answer.status_code == 303
        assert cookie.startswith("__Host-arxos_console=")
        assert all(one in cookie for one in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"))
        assert "Domain" not in cookie
        value = cookie.partition(";")[0].partition("=")[2]
        for name, status in (("__Host-arxos_console", 200), ("arxos_console", 303)):
            assert behind.nobody.get("/console/overview", headers={"Cookie": f"{name}={value}"}).status_code == status


# The command line


def test_the_command_line_lists_and_ends_sessions(api: Api, browser: httpx.Client, who: str) -> None:
    sign_in(browser, who)
    [session] = json.loads(arxos(api, "sessions", "list", "--subject", who, "--json").stdout)
    assert arxos(api, "sessions", "end", session["id"], "--reason", "lost", "--as", "root").returncode == 0
    assert not is_signed_in(browser)
    gone = arxos(api, "sessions", "end", session["id"])
    assert (gone.returncode, gone.stderr) == (1, f"arxos: no session '{session['id']}'\n")
    act = acts(api, "end session")[0]
    assert (act["actor"], act["reason"]) == ("root", "lost")


def test_the_command_line_lists_and_ends_families(api: Api, who: str) -> None:
    token, family = kept(api, who)
    [seen] = json.loads(arxos(api, "tokens", "families", "--subject", who, "--json").stdout)
    assert seen["id"] == str(family)
    assert arxos(api, "tokens", "end-family", str(family), "--reason", "lost").returncode == 0
    problem_of(refreshed(api, token), 401)


def test_the_command_line_ends_everything_of_a_subject(api: Api, browser: httpx.Client, who: str) -> None:
    sign_in(browser, who)
    kept(api, who)
    assert who in arxos(api, "sessions", "list").stdout
    said = arxos(api, "tokens", "revoke-all", who).stdout
    assert said.startswith("1 sessions, 1 families of refresh tokens, all tokens issued until ")
    assert not is_signed_in(browser)


def test_a_family_takes_the_token_that_it_came_with_along(api: Api, who: str) -> None:
    made = arxos(api, "token", "--subject", who, "--role", "editor", "--expires", "3600", "--refresh", "600")
    tokens = json.loads(made.stdout)
    assert tokens["expires_in"] == 600
    client = api.bearing(tokens["access_token"])
    [family] = client.get("/api/tokens/families").json()["items"]
    assert client.delete(f"/api/tokens/families/{family['id']}").status_code == 204
    problem_of(client.get("/api/kinds"), 401)


# The console


def test_the_console_shows_and_ends_sessions(api: Api, browser: httpx.Client, who: str) -> None:
    with httpx.Client(base_url=f"{api.url}/console/", timeout=30) as root:
        sign_in(root, f"{who}-root", Role.SUPER_ADMIN)
        sign_in(browser, who)
        kept(api, who)
        page = root.get("sessions", params={"subject": who}).text
        [end, end_family] = re.findall(r'action="/console/(sessions/[\w/-]+/end)"', page)
        assert page.count(who) >= 2
        proof = proof_of(root)
        assert browser.post(end, data={"proof": proof_of(browser)}).status_code == 303  # their own
        assert not is_signed_in(browser)
        assert root.post(end_family, data={"proof": proof, "reason": "lost"}).status_code == 303
        act = acts(api, "end refresh tokens")[0]
        assert (act["actor"], act["reason"], act["source"]) == (f"{who}-root", "lost", "console@127.0.0.1")
        assert root.post("sessions/end-all", data={"proof": proof, "subject": who}).status_code == 303
        assert acts(api, "end subject")[0]["details"]["subject"] == who


def test_at_the_console_too_nobody_ends_what_is_anothers(api: Api, browser: httpx.Client, who: str) -> None:
    with httpx.Client(base_url=f"{api.url}/console/", timeout=30) as other:
        sign_in(other, f"{who}-other", Role.ADMIN)
        sign_in(browser, who)
        _, family = kept(api, who)
        [session] = sessions(api.root, subject=who)
        assert who not in other.get("sessions").text.replace(f"{who}-other", "")
        proof = proof_of(other)
        for path in (f"sessions/{session['id']}/end", f"sessions/families/{family}/end"):
            other.post(path, data={"proof": proof})
        assert other.post("sessions/end-all", data={"proof": proof, "subject": who}).status_code == 403
        assert is_signed_in(browser)
        assert len(api.root.get("/api/tokens/families", params={"subject": who}).json()["items"]) == 1
