"""Every door over HTTP takes moments of the years 1970 to 3000 alone, and every list its own cursors alone."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from arxos.app.tokens import issue
from arxos.domain.access import Role
from tests import api_reference
from tests.http import SECRET, Api, problem_of
from tests.moments import CURSORS, CURSORS_IN_TIME, REFUSED, TAKEN

DOCUMENT = api_reference.described()
IN_TIME = ("/api/jobs", "/api/acts", "/api/buildings")  # lists whose cursors tell a time
PAGES = ("/console/jobs", "/console/log", "/console/jobs/jobs.csv")
# Where over HTTP a body has moments: its path, and the body with one at its place.
BODIES: dict[str, tuple[str, str, Any]] = {
    "job run_at": ("/api/jobs", "run_at", lambda at: {"kind": "probe.noop", "run_at": at}),
    "job deadline": ("/api/jobs", "deadline", lambda at: {"kind": "probe.noop", "deadline": at}),
    "batch run_at": ("/api/jobs/batch", "jobs.0.run_at", lambda at: {"jobs": [{"kind": "probe.noop", "run_at": at}]}),
    "batch deadline": (
        "/api/jobs/batch",
        "jobs.1.deadline",
        lambda at: {"jobs": [{"kind": "probe.noop"}, {"kind": "probe.noop", "deadline": at}]},
    ),
    "redrive since": ("/api/dead-letters/redrive", "filter.since", lambda at: {"filter": {"since": at}}),
    "redrive until": ("/api/dead-letters/redrive", "filter.until", lambda at: {"filter": {"until": at}}),
    "discard since": ("/api/dead-letters/discard", "filter.since", lambda at: {"filter": {"since": at}}),
    "discard until": ("/api/dead-letters/discard", "filter.until", lambda at: {"filter": {"until": at}}),
}
each_refused = pytest.mark.parametrize("moment", REFUSED.values(), ids=REFUSED)


@pytest.fixture(scope="module")
def console(api: Api) -> Iterator[httpx.Client]:
    """Somebody who has signed in."""
    with httpx.Client(base_url=api.url, timeout=30) as client:
        token = issue(SECRET, "test-super_admin", Role.SUPER_ADMIN, 3600)
        assert client.post("/console/sign-in", data={"token": token}).status_code == 303
        yield client


def _queries(wanted: str) -> Iterator[tuple[str, str]]:
    """(path, parameter) of every GET that takes a parameter of this format or name."""
    for path, calls in DOCUMENT["paths"].items():
        for one in calls.get("get", {}).get("parameters", ()):
            choices = one["schema"].get("anyOf", [one["schema"]])
            if one["in"] == "query" and wanted in {one["name"], *(choice.get("format") for choice in choices)}:
                yield path, one["name"]


MOMENTS = list(_queries("date-time"))
LISTS = [path for path, _ in _queries("cursor")]


def _filled(path: str) -> str:
    """The path with ids of nothing."""
    for name in ("building_id", "model_id", "floor_id", "job_id", "audit_id", "webhook_id", "report_id"):
        path = path.replace(f"{{{name}}}", str(uuid4()))
    assert "{" not in path
    return path


def _bodies_in_time() -> set[str]:
    """Names of models that come in with a moment."""
    asked = json.dumps([one.get("requestBody") for calls in DOCUMENT["paths"].values() for one in calls.values()])
    schemas = DOCUMENT["components"]["schemas"]
    found: set[str] = set()
    waiting = [name for name in schemas if f'schemas/{name}"' in asked]
    while waiting:
        name = waiting.pop()
        text = json.dumps(schemas[name])
        if '"date-time"' in text:
            found.add(name)
        waiting += [other for other in schemas if f'schemas/{other}"' in text and other not in found]
    return found


def test_the_walk_sees_the_doors_that_there_are() -> None:
    assert _bodies_in_time() == {"JobSubmission", "JobRequest", "DeadFilter"}, "a new body needs a line in BODIES"
    assert {("/api/jobs", "since"), ("/api/acts", "since"), ("/api/reports/slo", "until")} <= set(MOMENTS)
    assert {*IN_TIME, "/api/quarantine", "/api/webhooks"} <= set(LISTS)


@each_refused
@pytest.mark.parametrize(("path", "field", "body"), BODIES.values(), ids=BODIES)
def test_bodies_refuse_other_moments(api: Api, path: str, field: str, body: Any, moment: str) -> None:
    problem = problem_of(api.root.post(path, json=body(moment)), 422)
    assert [one["field"] for one in problem["errors"]] == [field]


@each_refused
@pytest.mark.parametrize(("path", "name"), MOMENTS, ids=[" ".join(one) for one in MOMENTS])
def test_queries_refuse_other_moments(api: Api, path: str, name: str, moment: str) -> None:
    problem = problem_of(api.viewer.get(_filled(path), params={name: moment}), 422)
    assert [one["field"] for one in problem["errors"]] == [f"query.{name}"]


@pytest.mark.parametrize("moment", TAKEN.values(), ids=TAKEN)
def test_what_is_taken_every_list_can_show(api: Api, moment: str) -> None:
    for path, _, body in BODIES.values():
        asked = body(moment) | ({"dry_run": True} if "dead" in path else {})
        assert api.root.post(path, json=asked).status_code < 300
    for path, name in MOMENTS:
        assert api.viewer.get(_filled(path), params={name: moment}).status_code in {200, 404, 422}
    assert api.viewer.get("/api/jobs", params={"limit": 1000}).status_code == 200


@pytest.mark.parametrize("cursor", CURSORS.values(), ids=CURSORS)
@pytest.mark.parametrize("path", LISTS)
def test_every_list_refuses_cursors_that_are_none_of_ours(api: Api, path: str, cursor: str) -> None:
    _is_refused(api.root.get(_filled(path), params={"cursor": cursor}))


@pytest.mark.parametrize("cursor", CURSORS_IN_TIME.values(), ids=CURSORS_IN_TIME)
@pytest.mark.parametrize("path", IN_TIME)
def test_cursors_have_moments_of_the_same_years(api: Api, path: str, cursor: str) -> None:
    _is_refused(api.root.get(_filled(path), params={"cursor": cursor}))


def test_a_cursor_of_ours_with_a_flipped_character_is_refused_or_another_place(api: Api) -> None:
    for _ in range(2):
        api.editor.post("/api/jobs", json={"kind": "probe.noop"})
    cursor = api.viewer.get("/api/jobs", params={"limit": 1}).json()["next_cursor"]
    for place in range(len(cursor)):
        tampered = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert api.viewer.get("/api/jobs", params={"cursor": tampered}).status_code in {200, 422}, tampered


@each_refused
@pytest.mark.parametrize("path", PAGES)
def test_the_console_refuses_other_moments(console: httpx.Client, path: str, moment: str) -> None:
    answer = console.get(path, params={"since": moment})
    if moment == "2026-11-25T08:00:00":  # a form has no zone: it means UTC
        assert answer.status_code == 200
    else:
        assert answer.status_code == 422
        assert "since" in answer.text


@pytest.mark.parametrize("cursor", CURSORS.values(), ids=CURSORS)
@pytest.mark.parametrize("page", ["jobs", "log", "quarantine", "buildings"])
def test_the_console_refuses_cursors_that_are_none_of_ours(console: httpx.Client, page: str, cursor: str) -> None:
    assert console.get(f"/console/{page}", params={"cursor": cursor or "A"}).status_code == 422


HALF, NUL = "\ud800", "\0"
UNSTORABLE: dict[str, Any] = {
    "NUL": {"kind": "probe.effect", "payload": {"key": NUL}},
    "half a surrogate pair": {"kind": "probe.effect", "payload": {"key": HALF}},
    "NUL in a name": {"kind": "probe.noop", "payload": {NUL: 1}},
    "half in a name": {"kind": "probe.noop", "payload": {HALF: 1}},
    "not a number": {"kind": "probe.sleep", "payload": {"seconds": float("nan")}},
    "infinite": {"kind": "probe.sleep", "payload": {"seconds": float("inf")}},
    "a long number": {"kind": "probe.fail", "payload": {"times": 10**1001}},
    "NUL in a key": {"kind": "probe.noop", "idempotency_key": NUL},
    "half in a key": {"kind": "probe.noop", "idempotency_key": HALF},
}


@pytest.mark.parametrize("job", UNSTORABLE.values(), ids=UNSTORABLE)
def test_what_cannot_be_stored_is_refused_with_its_place(api: Api, job: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    for path, body in (("/api/jobs", job), ("/api/jobs/batch", {"jobs": [{"kind": "probe.noop"}, job]})):
        problem = problem_of(api.root.post(path, content=json.dumps(body), headers=headers), 422)
        assert problem["errors"][0]["field"].removeprefix("jobs.1.").startswith(("payload", "idempotency_key"))


def test_a_field_whose_name_is_no_text_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    problem_of(api.root.post("/api/jobs", content=json.dumps({"kind": "probe.noop", HALF: 1}), headers=headers), 422)


@pytest.mark.parametrize("depth", [40, 900, 5_000, 100_000])
def test_a_deep_body_is_refused(api: Api, depth: int) -> None:
    body = '{"kind": "probe.noop", "payload": ' + '{"a":' * depth + "1" + "}" * depth + "}"
    answer = api.root.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text


@pytest.mark.parametrize("number", ["1e999", "1" * 5_000, "NaN", "-Infinity"], ids=["1e999", "long", "NaN", "inf"])
def test_a_number_that_is_none_is_refused(api: Api, number: str) -> None:
    body = f'{{"kind": "probe.sleep", "payload": {{"seconds": {number}}}}}'
    answer = api.root.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text


def _is_refused(answer: httpx.Response) -> None:
    problem = problem_of(answer, 422)
    assert problem["errors"] == [{"field": "query.cursor", "message": "not one of ours"}]
