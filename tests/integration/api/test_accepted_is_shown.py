"""Whatever a door accepts, every list, page, export and follower can show."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arxos.app.tokens import issue
from arxos.cli.cells import piped, shown
from arxos.cli.jobs import job_document
from arxos.domain.access import Role
from arxos.domain.errors import ArxosError
from arxos.tasks.registry import all_kinds
from arxos.tasks.request import new_job, parse_request
from arxos.workers.ingress_message import NotOursError, Rules, read
from tests.http import SECRET, Api

KINDS = all_kinds(probes=True)
TEXT = st.text(st.characters(exclude_categories=[]), max_size=40) | st.sampled_from(
    ["\0", "\ud800", "\u202e", "<b>", "'"]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([1e308, -0.0, 5e-324, 2**63, 10**400, 10**5])
MOMENTS = st.datetimes(timezones=st.timezones()).map(datetime.isoformat) | st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-05:00", "1970-01-01T00:00:00Z", "3000-12-31T23:59:59.999999Z"]
)
JOBS = st.fixed_dictionaries(
    {
        "kind": st.just("probe.effect"),
        "payload": st.fixed_dictionaries({"key": TEXT}, optional={"seconds": NUMBERS | st.floats(0, 3600)}),
    },
    optional={
        "idempotency_key": TEXT,
        "run_at": MOMENTS,
        "deadline": MOMENTS,
        "priority": st.integers(-101, 101),
        "submitted_by": TEXT,
    },
)
Door = Callable[[Api, dict[str, Any]], UUID | None]


def http(api: Api, job: dict[str, Any]) -> UUID | None:
    answer = api.root.post("/api/jobs", content=json.dumps(job), headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 202, 409, 422}, answer.text
    return UUID(answer.json()["id"]) if answer.status_code < 300 else None


def batch(api: Api, job: dict[str, Any]) -> UUID | None:
    body = json.dumps({"jobs": [job]})
    answer = api.root.post("/api/jobs/batch", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {202, 409, 422}, answer.text
    return UUID(answer.json()["ids"][0]) if answer.status_code == 202 else None


def command_line(api: Api, job: dict[str, Any]) -> UUID | None:
    try:
        return api.world.insert(new_job(KINDS, parse_request(json.dumps(job))))[0]
    except ArxosError:
        return None


def ingress(api: Api, job: dict[str, Any]) -> UUID | None:
    headers = {"task": job["kind"], "id": str(uuid4()), "eta": job.get("run_at"), "expires": job.get("deadline")}
    message = {"body": [[], job["payload"], None], "content-type": "application/json", "headers": headers}
    try:
        wanted = read(json.dumps({**message, "properties": {}}).encode(), Rules(KINDS, {}, ["*"]), time.time())
    except NotOursError:
        return None
    return api.world.insert(wanted.job)[0]


DOORS: dict[str, Door] = {"http": http, "batch": batch, "command line": command_line, "ingress": ingress}


@pytest.fixture(scope="module")
def console(api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.url, timeout=60) as client:
        token = issue(SECRET, "test-super_admin", Role.SUPER_ADMIN, 3600)
        assert client.post("/console/sign-in", data={"token": token}).status_code == 303
        yield client


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(job=JOBS)
def test_whatever_a_door_accepts_is_shown_everywhere(
    api: Api, console: httpx.Client, door: Door, job: dict[str, Any]
) -> None:
    if (job_id := door(api, job)) is None:
        return
    address = f"/jobs/{job_id}"
    listed = api.root.get("/api/jobs", params={"limit": 1000})
    assert listed.status_code == 200, listed.text
    assert str(job_id) in {one["id"] for one in listed.json()["items"]}
    seen = api.root.get(f"/api{address}").json()
    assert (seen["unreadable"], seen["payload"]["key"]) == (None, job["payload"]["key"])
    for path in ("/why", "/graph", "/graph.svg"):
        assert api.root.get(f"/api{address}{path}").status_code == 200
    for page in ("/console/jobs", "/console/jobs/jobs.csv", f"/console{address}"):
        assert console.get(page).status_code == 200
    stored = api.world.get(job_id)
    for value in job_document(stored).values():
        assert piped(value) + shown(value, stored.created_at) is not None
    api.root.post(f"/api{address}/cancel", json={})
    with api.root.stream("GET", f"/api{address}/events") as stream:
        assert str(job_id) in "".join(stream.iter_text())
