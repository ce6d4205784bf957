"""Rights by kind, as docs/access.md has them: every kind by every role at every entry point."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import redis as redis_client

from arxos.app.tokens import issue
from arxos.domain.access import Role
from arxos.domain.audits.findings import AuditFinding, Repair
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry
from arxos.domain.jobs.slots import Rhythm
from arxos.scheduler.ticker import Ticker
from arxos.storage.ingress_queue import IngressQueue
from arxos.storage.quarantine import QuarantineFilter, QuarantineTable
from arxos.storage.schedule_acts import ScheduleActs
from arxos.storage.schedules import Schedules
from arxos.workers.ingress import ingress_of
from tests.access_page import PAGE
from tests.builders import new_job
from tests.command_line import QuickCli
from tests.http import SECRET, Api
from tests.kind_rights import (
    BEAT,
    COMMANDS,
    EDITING,
    INGRESS,
    KINDS,
    PAYLOADS,
    SCHEDULING,
    SUBMITTING,
    allowed,
)

TABLE = PAGE.written
EVERY = pytest.mark.parametrize("kind", KINDS)
EVERY_ROLE = pytest.mark.parametrize("role", Role)


def request(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "payload": PAYLOADS[kind], **fields}


def agree(answer: httpx.Response, kind: str, *, may: bool, status: int) -> None:
    """Done where the page says so, else refused with the kind's name."""
    if may:
        assert answer.status_code == status, answer.text
    else:
        assert answer.status_code == 403, answer.text


def as_(api: Api, role: Role) -> httpx.Client:
    return {
        Role.VIEWER: api.viewer,
        Role.EDITOR: api.editor,
        Role.ADMIN: api.admin,
        Role.SUPER_ADMIN: api.root,
    }[role]


def count(api: Api, kind: str) -> int:
    return int(api.world.sql("SELECT count(*) FROM jobs WHERE kind = %s", kind)[0][0])


def dead(api: Api, kind: str) -> UUID:
    [job_id] = api.world.insert(new_job(kind, payload=PAYLOADS[kind]))
    changed = "UPDATE jobs SET state = 'dead', attempt = 1, finished_at = clock_timestamp() WHERE id = %s"
    assert api.world.execute(changed, job_id) == 1
    return job_id


class Visitor:
    """Somebody who has signed in to the console."""

    def __init__(self, api: Api, role: Role) -> None:
        self.client = api._client({})
        token = issue(SECRET, f"test-{role}", role, 3600)
        assert self.client.post("/console/sign-in", data={"token": token}).status_code == 303
        found = re.search(r'name="proof" value="([0-9a-f]+)"', self.client.get("/console/jobs").text)
        assert found
        self.proof = found[1]

    def acts(self, path: str, **fields: str) -> httpx.Response:
        return self.client.post(path, data={"proof": self.proof, **fields})


@pytest.fixture(scope="module")
def visitors(api: Api) -> dict[Role, Visitor]:
    return {role: Visitor(api, role) for role in Role}


@EVERY_ROLE
@EVERY
def test_submitting_one(api: Api, kind: str, role: Role) -> None:
    before, may = count(api, kind), allowed(TABLE, kind, SUBMITTING, role)
    answer = as_(api, role).post("/api/jobs", json=request(kind))
    agree(answer, kind, may=may, status=202)
    assert count(api, kind) == before + may
    if not may and role is not Role.VIEWER:
        assert kind in answer.json()["detail"]
        assert [one["field"] for one in answer.json()["errors"]] == ["kind"]


@EVERY_ROLE
@EVERY
def test_submitting_it_in_a_batch_with_others(api: Api, kind: str, role: Role) -> None:
    before, may = count(api, kind), allowed(TABLE, kind, SUBMITTING, role)
    answer = as_(api, role).post("/api/jobs/batch", json={"jobs": [request("probe.sleep"), request(kind)]})
    agree(answer, kind, may=may, status=202)
    assert count(api, kind) == before + may * (1 + (kind == "probe.sleep"))
    if not may and role is not Role.VIEWER:
        assert kind in answer.json()["detail"]
        assert [one["field"] for one in answer.json()["errors"]] == ["jobs.1.kind"]


@EVERY_ROLE
@EVERY
def test_redriving_it_with_another_payload(api: Api, kind: str, role: Role) -> None:
    job_id, may = dead(api, kind), allowed(TABLE, kind, EDITING, role)
    answer = as_(api, role).post(f"/api/jobs/{job_id}/redrive", json={"payload": PAYLOADS[kind]})
    agree(answer, kind, may=may, status=200)
    assert api.world.get(job_id).state == ("queued" if may else "dead")


@EVERY_ROLE
@EVERY
def test_redriving_it_with_another_payload_at_the_console(
    api: Api, visitors: dict[Role, Visitor], kind: str, role: Role
) -> None:
    """The payload is another than the one that is stored, and fits the contract."""
    job_id, may = dead(api, kind), allowed(TABLE, kind, EDITING, role)
    api.world.execute("UPDATE jobs SET payload = '{\"older\": 1}' WHERE id = %s", job_id)
    answer = visitors[role].acts(f"/console/jobs/{job_id}/redrive", payload=json.dumps(PAYLOADS[kind]))
    agree(answer, kind, may=may, status=303)
    assert api.world.get(job_id).state == ("queued" if may else "dead")
    if not may and role in {Role.ADMIN, Role.SUPER_ADMIN}:
        assert kind in answer.text


def audit_that_names(api: Api, kind: str) -> UUID:
    audit_id = uuid4()
    finding = AuditFinding("some_damage", "job 1", "is damaged", Repair(kind, PAYLOADS[kind]))
    with api.world.runtime.ports.unit_of_work() as uow:
        uow.audits.begin(audit_id, "audit.ledger")
        uow.audits.note(audit_id, [finding], examined=1)
        uow.audits.finish(audit_id)
        uow.commit()
    return audit_id


@EVERY
def test_a_repair_is_ordered_by_those_who_may_submit_it(api: Api, kind: str) -> None:
    audit_id = audit_that_names(api, kind)
    for role in Role:
        answer = as_(api, role).post(f"/api/audits/{audit_id}/repairs", json={})
        if allowed(TABLE, kind, EDITING, role):
            assert answer.status_code == 202, answer.text
        else:
            assert answer.status_code == 403, answer.text
            assert kind in answer.text or "may not redrive" in answer.text


def test_a_repair_that_two_people_order_is_one_job(api: Api) -> None:
    """Also where the note of the first is lost: the key is the finding's, not theirs."""
    audit_id = audit_that_names(api, "building.index_geometry")
    [first] = api.admin.post(f"/api/audits/{audit_id}/repairs", json={}).json()["jobs"]
    assert api.world.execute("UPDATE audit_findings SET repair_job_id = NULL WHERE audit_id = %s", audit_id) == 1
    assert api.root.post(f"/api/audits/{audit_id}/repairs", json={}).json()["jobs"] == [first]


@EVERY_ROLE
@EVERY
def test_a_schedule_that_names_it(api: Api, kind: str, role: Role) -> None:
    may, name = allowed(TABLE, kind, SCHEDULING, role), f"s-{uuid4()}"
    answer = as_(api, role).post("/api/schedules", json=request(kind, name=name, every_s=3600))
    agree(answer, kind, may=may, status=201)
    assert api.world.sql("SELECT count(*) FROM schedules WHERE name = %s", name) == [(int(may),)]


@EVERY_ROLE
@EVERY
def test_a_schedule_that_names_it_from_the_console(
    api: Api, visitors: dict[Role, Visitor], kind: str, role: Role
) -> None:
    may, name = allowed(TABLE, kind, SCHEDULING, role), f"s-{uuid4()}"
    fields = {"name": name, "kind": kind, "rhythm": "3600", "payload": json.dumps(PAYLOADS[kind])}
    answer = visitors[role].acts("/console/schedules", **fields)
    agree(answer, kind, may=may, status=303)
    assert api.world.sql("SELECT count(*) FROM schedules WHERE name = %s", name) == [(int(may),)]
    if not may and role in {Role.ADMIN, Role.SUPER_ADMIN}:
        assert kind in answer.text


@EVERY_ROLE
@EVERY
def test_an_existing_schedule_of_it_is_changed(api: Api, kind: str, role: Role) -> None:
    may, name = allowed(TABLE, kind, SCHEDULING, role), f"s-{uuid4()}"
    acts = ScheduleActs(api.world.runtime.database, Operator("somebody"))
    acts.add(Entry(name, kind, Rhythm(every_s=3600), PAYLOADS[kind]))
    answer = as_(api, role).patch(f"/api/schedules/{name}", json={"every_s": 1})
    agree(answer, kind, may=may, status=200)
    assert api.world.sql("SELECT every_s FROM schedules WHERE name = %s", name) == [(1 if may else 3600,)]


def test_what_the_beat_submits(api: Api) -> None:
    """Whatever stands in the table: not even a row that was written behind the system's back makes a system's job."""
    world = api.world
    world.execute("DELETE FROM schedules")
    acts, schedules = ScheduleActs(world.runtime.database, Operator("somebody")), Schedules(world.runtime.database)
    for kind in KINDS:
        acts.add(Entry(kind, kind, Rhythm(every_s=3600), PAYLOADS[kind]))
    world.execute("UPDATE schedules SET done_until = clock_timestamp() - %s", timedelta(hours=3))
    Ticker(schedules, world.runtime.kinds, _adopted=True).tick()
    submitted = {row[0] for row in world.sql("SELECT kind FROM jobs WHERE principal = 'schedule'")}
    assert submitted == {kind for kind in KINDS if allowed(TABLE, kind, BEAT)}
    blamed = dict(world.sql("SELECT name, error FROM schedules WHERE error IS NOT NULL"))
    assert blamed.keys() == KINDS.keys() - submitted
    assert all(error == f"{kind} is submitted by the system only" for kind, error in blamed.items())


def test_what_ingress_takes(api: Api) -> None:
    """Every kind is listed here, so that its own right is asked for."""
    ids = {kind: uuid4() for kind in KINDS}
    reasons = taken_in(api, ids, "*")
    submitted = {row[0] for row in api.world.sql("SELECT kind FROM jobs WHERE id = ANY(%s)", list(ids.values()))}
    assert submitted == {kind for kind in KINDS if allowed(TABLE, kind, INGRESS)}
    assert all(kind in reasons[ids[kind]] for kind in KINDS.keys() - submitted)


@pytest.mark.parametrize("listed", ["building.*,probe.*", "building.validate", "probe.*", ""])
def test_ingress_takes_what_is_listed_and_nothing_else(api: Api, listed: str) -> None:
    ids = {kind: uuid4() for kind in KINDS if allowed(TABLE, kind, INGRESS)}
    reasons = taken_in(api, ids, listed)
    patterns = [one.removesuffix("*") for one in listed.split(",") if one]
    expected = {kind for kind in ids if any(kind.startswith(one) for one in patterns)}
    submitted = {row[0] for row in api.world.sql("SELECT kind FROM jobs WHERE id = ANY(%s)", list(ids.values()))}
    assert submitted == expected
    for kind in ids.keys() - expected:
        assert reasons[ids[kind]] == f"ingress may not submit {kind}: ARXOS_INGRESS_KINDS does not list it"


def taken_in(api: Api, ids: Mapping[str, UUID], listed: str) -> dict[UUID, str]:
    """Let ingress take in a message of each kind; the reasons of refusals, by the message."""
    runtime = api.world.runtime
    settings = runtime.settings.model_copy(update={"ingress_kinds": listed})
    object.__setattr__(runtime, "settings", settings)
    ingress, queue = ingress_of(runtime, {}), f"ingress-{uuid4()}"
    ingress.queue = IngressQueue(settings.broker_url, queue)
    with redis_client.Redis.from_url(settings.broker_url) as broker:
        for kind, job_id in ids.items():
            headers = {"task": kind, "id": str(job_id)}
            body = [[], PAYLOADS[kind], {}]
            message = {"body": body, "content-type": "application/json", "headers": headers, "properties": {}}
            broker.lpush(queue, json.dumps(message))
    assert ingress.step() == len(ids)
    ingress.queue.close()
    refused = QuarantineTable(runtime.database).find(QuarantineFilter(), 1000)
    return {UUID(one.message_id): one.reason for one in refused if one.message_id}


@EVERY
def test_the_command_line(api: Api, kind: str) -> None:
    cli, before = QuickCli(api.world.variables), count(api, kind)
    given = (kind, "--payload", json.dumps(PAYLOADS[kind]))
    if allowed(TABLE, kind, COMMANDS):
        job_id = UUID(cli.ok("submit", *given))
        assert api.world.get(job_id).kind == kind
        assert count(api, kind) == before + 1
    else:
        told = f"arxos: {kind} is submitted by the system only"
        assert cli.refusal("submit", *given, code=1) == told
        assert cli.refusal("submit", "--jsonl", "-", stdin=json.dumps(request(kind)), code=1).startswith(
            f"arxos: line 1: {kind} is submitted by the system only"
        )
        assert cli.refusal("schedules", "add", "x", "--kind", kind, "--every", "1h", *given[1:], code=1) == told
        redriven = ("jobs", "redrive", str(dead(api, kind)), *given[1:])
        assert cli.refusal(*redriven, code=1) == told
    cli.world.close()
