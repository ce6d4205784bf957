"""The console's pages as they are answered: who may see and do what, and that strangers' text stays text."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest

from arxos.app import scheduling
from arxos.app.tokens import issue
from arxos.cli import importing
from arxos.domain.access import Role
from arxos.domain.buildings.findings import Finding, RuleOutcome, Severity, ValidationReport, Verdict
from arxos.domain.buildings.repository import NewModel
from arxos.domain.jobs.ledger import Beat
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry
from arxos.domain.jobs.slots import Rhythm
from arxos.domain.jobs.submitter import user
from arxos.domain.rollups.rows import BuildingRollup
from arxos.storage.console_sessions import ConsoleSessions, NewSession
from arxos.storage.quarantine import QuarantineTable, Refused
from arxos.storage.refresh_tokens import RefreshTokens
from tests.building_builders import a_floor, a_space, an_index, plan
from tests.http import SECRET, Api

SCRIPT = "<script>alert('O\\'Brien')</script>"
WORKER = "cpu@host:4711:3f9a2c"
HOME = "/console/overview"
PAGES = (
    "overview",
    "jobs",
    "dead",
    "queues",
    "workers",
    "schedules",
    "buildings",
    "reports",
    "quarantine",
    "log",
    "sessions",
)


class Visitor:
    """A browser without scripts: keeps cookies, and sends forms with what the page gave them."""

    def __init__(self, api: Api, role: Role) -> None:
        self.client = httpx.Client(base_url=f"{api.url}/console/", timeout=30)
        token = issue(SECRET, f"test-{role}", role, 3600)
        assert self.client.post("sign-in", data={"token": token}).status_code == 303

    def get(self, path: str) -> str:
        answer = self.client.get(path.removeprefix("/console/"))
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """A form of the page that the path is below."""
        proof = re.search(r'name="proof" value="([0-9a-f]{64})"', self.get("queues"))
        assert proof
        first = path.partition("/")[0]
        page = f"{self.client.base_url}{'queues' if first in ('limits', 'kinds', 'shares') else first}"
        return self.client.post(path, data={"proof": proof[1], **fields}, headers={"Referer": page})

    def does(self, path: str, **fields: Any) -> str:
        """What the page says after the act."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, answer.text
        return unescape(_notice(self.get(answer.headers["location"])))


def _notice(page: str) -> str:
    found = re.search(r'<p class="notice[^"]*" role="status">(.*?)</p>', page, re.DOTALL)
    assert found, page
    return found[1]


Enter = Callable[[Role], Visitor]


@pytest.fixture(scope="module")
def enter(api: Api) -> Iterator[Enter]:
    """Signs somebody in; once for each role."""
    known: dict[Role, Visitor] = {}

    def visitor(role: Role) -> Visitor:
        if role not in known:
            known[role] = Visitor(api, role)
        return known[role]

    yield visitor
    for one in known.values():
        one.client.close()


@pytest.fixture
def root(enter: Enter) -> Visitor:
    return enter(Role.SUPER_ADMIN)


@pytest.mark.parametrize("page", ["", *PAGES])
def test_whoever_is_not_signed_in_is_sent_to_the_sign_in(api: Api, page: str) -> None:
    answer = api.nobody.get(f"/console/{page}".rstrip("/"))
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/console/sign-in")


@pytest.mark.parametrize("page", PAGES)
def test_every_role_reads_every_page(enter: Enter, page: str) -> None:
    for role in Role:
        answer = enter(role).client.get(page)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy


def test_a_wrong_token_opens_nothing(api: Api) -> None:
    with httpx.Client(base_url=api.url) as client:
        answer = client.post("/console/sign-in", data={"token": issue("another secret " * 3, "eve", Role.ADMIN, 60)})
        assert (answer.status_code, "its signature is not ours" in answer.text) == (401, True)
        assert not client.cookies


def test_the_cookie_is_kept_from_scripts_and_strangers(api: Api) -> None:
    token = issue(SECRET, "ada", Role.VIEWER, 3600)
    with httpx.Client(base_url=api.url) as client:
        cookie = client.post("/console/sign-in", data={"token": token}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/console" in cookie
    assert token not in cookie


def test_a_session_ends_with_its_token(api: Api) -> None:
    sessions = ConsoleSessions(api.world.runtime.database)
    cookie = sessions.open(NewSession("ada", "viewer", "here", 1.0, "jti", "key"))
    with httpx.Client(base_url=api.url, cookies={"arxos_console": cookie}) as late:
        assert late.get(HOME).status_code == 303


def test_who_signs_out_is_out(api: Api) -> None:
    visitor = Visitor(api, Role.VIEWER)
    cookie = visitor.client.cookies["arxos_console"]
    assert visitor.post("sign-out").status_code == 303
    with httpx.Client(base_url=api.url, cookies={"arxos_console": cookie}) as copy:
        assert copy.get(HOME).status_code == 303
    visitor.client.close()


ELSEWHERE = ("https://evil.example/", "//evil.example", "/\\evil.example", "/api/jobs", "javascript:1")


@pytest.mark.parametrize("where", ELSEWHERE)
def test_nobody_is_sent_elsewhere_after_the_sign_in(api: Api, where: str) -> None:
    token = issue(SECRET, "ada", Role.VIEWER, 3600)
    with httpx.Client(base_url=api.url) as client:
        answer = client.post("/console/sign-in", data={"token": token, "next": where})
    assert answer.headers["location"] == HOME


def test_a_form_without_proof_does_nothing(root: Visitor) -> None:
    for fields in ({}, {"proof": ""}, {"proof": "0" * 64}):
        answer = root.client.post("queues/cache/pause", data=fields)
        assert answer.status_code == 403
        assert "this form is none of ours" in answer.text
    assert "s-paused" not in root.get("queues")


ACTS: tuple[tuple[str, dict[str, str], Role], ...] = (
    ("queues/cache/pause", {}, Role.SUPER_ADMIN),
    ("queues/cache/resume", {}, Role.SUPER_ADMIN),
    ("kinds/pause", {"name": "probe.noop"}, Role.SUPER_ADMIN),
    ("kinds/probe.noop/resume", {}, Role.SUPER_ADMIN),
    ("limits", {"subject": "queue:geometry", "running": "2"}, Role.SUPER_ADMIN),
    ("limits/queue/geometry/remove", {}, Role.SUPER_ADMIN),
    ("shares", {"submitter": "ada", "weight": "2"}, Role.SUPER_ADMIN),
    ("schedules", {"name": "canary", "kind": "probe.noop", "rhythm": "300"}, Role.ADMIN),
    ("schedules/canary/pause", {}, Role.ADMIN),
    ("schedules/canary/resume", {}, Role.ADMIN),
    ("schedules/canary/run", {}, Role.ADMIN),
    ("schedules/canary/change", {"rhythm": "30 2 * * *", "timezone": "Europe/Berlin"}, Role.ADMIN),
    ("schedules/canary/remove", {}, Role.ADMIN),
)


@pytest.mark.parametrize(("path", "fields", "least"), ACTS)
def test_who_may_not_do_it_cannot(enter: Enter, path: str, fields: dict[str, str], least: Role) -> None:
    for role in list(Role)[: list(Role).index(least)]:
        assert enter(role).post(path, **fields).status_code == 403


def test_who_may_do_it_does_it_and_is_recorded(enter: Enter, api: Api) -> None:
    for path, fields, least in ACTS:
        said = enter(least).does(path, **fields)
        assert said.endswith("."), (path, said)
    acts = api.viewer.get("/api/acts").json()["items"]
    assert len(acts) >= len(ACTS)
    assert {one["actor"] for one in acts[: len(ACTS)]} == {"test-super_admin", "test-admin"}
    assert {one["source"] for one in acts[: len(ACTS)]} == {"console@127.0.0.1"}


def test_what_is_refused_says_why_where_it_was_asked(root: Visitor) -> None:
    assert root.does("limits", subject="queue:geometry", burst="3") == "burst: needs a rate"
    assert root.does("limits", subject="queue:geometry", running="many") == "at once: needs a whole number, got 'many'"
    assert root.does("schedules", name="x", kind="probe.noop", rhythm="sometimes").startswith("cron: 'sometimes'")
    assert root.does("schedules", name="x", kind="probe.noop", rhythm="60", payload="[]").startswith("payload:")
    assert root.does("workers/nobody/drain") == "no worker 'nobody'"


def test_a_worker_is_drained(root: Visitor, api: Api) -> None:
    api.world.do(lambda ledger: ledger.beat(Beat(WORKER, "host", 1, "cpu", ("cache",), "0.1.0", slots=4)))
    assert "Drain" in root.get("workers")
    root.does(f"workers/{WORKER}/drain", reason="it leaks")
    page = root.get("workers")
    assert "draining" in page
    assert "test-super_admin" in page
    [(actor, reason, source)] = api.world.sql(
        "SELECT actor, reason, source FROM operator_actions WHERE action = 'drain_worker'"
    )
    assert (actor, reason, source) == ("test-super_admin", "it leaks", "console@127.0.0.1")


def test_what_breaks_is_a_page_that_names_the_request(root: Visitor, api: Api) -> None:
    api.world.execute("ALTER TABLE operator_actions RENAME COLUMN details TO hidden")
    try:
        answer = root.client.get("log", headers={"X-Request-ID": "night-4711"})
    finally:
        api.world.execute("ALTER TABLE operator_actions RENAME COLUMN hidden TO details")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "night-4711" in answer.text
    assert "UndefinedColumn" not in answer.text
    assert "Content-Security-Policy" in answer.headers
    assert "night-4711" in api.log.read_text()


def test_a_page_that_is_not_there_says_so(root: Visitor) -> None:
    answer = root.client.get(f"buildings/{UUID(int=9)}")
    assert (answer.status_code, "no building" in answer.text) == (404, True)
    assert root.client.get("log?since=yesterday").status_code == 422
    assert root.client.get("quarantine?cursor=x").status_code == 422
    assert root.client.get("buildings/7").status_code == 422


@pytest.fixture(scope="module")
def hostile(api: Api) -> UUID:
    """A building in which every text is a script, and everything else that pages show of strangers."""
    runtime = api.world.runtime
    importing.add_building(runtime, "one without a model", "2 Market Square, Springfield")
    building = importing.add_building(runtime, SCRIPT, "1 Market Square, Springfield").id
    floor = a_floor(SCRIPT)
    space = a_space((0, 0, 0), (8, 5, 3), floor.id, name=SCRIPT, long_name=SCRIPT)
    finding = Finding(SCRIPT, Severity.ERROR, SCRIPT, space.global_id, SCRIPT, SCRIPT, SCRIPT)
    rule = RuleOutcome(SCRIPT, SCRIPT, Verdict.FAILED, 1)
    with runtime.ports.unit_of_work() as uow:
        model = uow.buildings.add_model(NewModel(building, "a" * 64, 7, f"{SCRIPT}.ifc", "ifc", SCRIPT))
        uow.buildings.replace_index(model.id, an_index((floor,), (space,), outline=plan(0, 0, 8, 5)))
        uow.buildings.save_report(model.id, ValidationReport(SCRIPT, (rule,), (finding,)))
        uow.rollups.keep_buildings(uow.rollups.now().date(), [BuildingRollup(SCRIPT, health={SCRIPT: 1})])
        uow.commit()
    until = datetime.now(UTC).timestamp() + 600
    ConsoleSessions(runtime.database).open(NewSession(SCRIPT, "viewer", SCRIPT, until, "jti", "key"))
    RefreshTokens(runtime.database).keep("hostile", UUID(int=4711), SCRIPT, Role.VIEWER, 600)
    for state in ("queued", "dead"):
        job = api.admin.post("/api/jobs", json={"kind": "probe.noop", "submitted_by": SCRIPT}).json()["id"]
        changed = "UPDATE jobs SET state = %s, error_type = %s, error_message = %s, finished_at = now() WHERE id = %s"
        api.world.execute(changed, state, SCRIPT, SCRIPT, UUID(job))
    QuarantineTable(runtime.database).add([Refused(SCRIPT, SCRIPT, 7, SCRIPT, SCRIPT, SCRIPT)])
    api.world.do(lambda ledger: ledger.pause("health", Operator(SCRIPT, SCRIPT)))
    api.world.do(lambda ledger: ledger.beat(Beat(SCRIPT, SCRIPT, 1, SCRIPT, (SCRIPT,), SCRIPT)))
    scheduling.add(
        runtime, Entry("hostile", "probe.noop", Rhythm(every_s=60)), Operator(SCRIPT), user(SCRIPT, Role.ADMIN)
    )
    api.world.execute("UPDATE schedules SET error = %s, error_since = now() WHERE name = 'hostile'", SCRIPT)
    return building


@pytest.mark.parametrize(
    "page",
    [*PAGES, "buildings/{}", f"buildings?q={SCRIPT}", f"quarantine?reason={SCRIPT}", f"log?actor={SCRIPT}"],
)
def test_strangers_text_is_text_everywhere(root: Visitor, hostile: UUID, page: str) -> None:
    text = root.get(page.format(hostile))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_plan_is_a_picture_in_which_nothing_runs(root: Visitor, hostile: UUID) -> None:
    [address] = re.findall(r'<img[^>]* src="([^"]+)"', root.get(f"buildings/{hostile}"))
    answer = root.client.get(address.removeprefix("/console/"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script>alert" not in answer.text


def test_a_building_shows_its_outline_its_floors_and_its_findings(root: Visitor, hostile: UUID) -> None:
    page = root.get(f"buildings/{hostile}")
    assert 'aria-label="Outline, 8.0 by 5.0 metres, north up"' in page
    assert "not valid" in page
    assert page.count("<figure>") == 1
    assert "No such findings" in root.get(f"buildings/{hostile}?severity=info")
    assert "No such findings" not in root.get(f"buildings/{hostile}?severity=error")


def test_pages_go_on_where_the_one_before_ended(root: Visitor, api: Api) -> None:
    table = QuarantineTable(api.world.runtime.database)
    table.add([Refused("paged", f"reason {n:03}", 7) for n in range(60)])
    first = root.get("quarantine?queue=paged")
    [older] = re.findall(r'href="(/console/quarantine[^"]+)" rel="next"', first)
    second = root.get(unescape(older))
    seen = re.findall(r"reason (\d{3})", first + second)
    assert seen == [f"{n:03}" for n in reversed(range(60))]
