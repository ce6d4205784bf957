"""Idempotency keys belong to who submits: over HTTP, in batches, by ingress, at the command line, and between these."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import redis as redis_client

from arxos.domain.access import Role
from arxos.storage.ingress_queue import IngressQueue
from arxos.storage.quarantine import QuarantineFilter, QuarantineTable
from arxos.workers.ingress import ingress_of
from tests.command_line import QuickCli
from tests.http import Api, problem_of

REUSED = "urn:arxos:problem:idempotency-key-reused"
OTHERS: dict[str, dict[str, Any]] = {
    "another kind": {"kind": "probe.sleep", "payload": {"seconds": 0}},
    "another payload": {"payload": {"key": "other"}},
}
other = pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
_number = count()


def request(**changes: Any) -> dict[str, Any]:
    return {"kind": "probe.effect", "payload": {"key": "k"}} | changes


def submit(client: httpx.Client, key: str, **changes: Any) -> httpx.Response:
    return client.post("/api/jobs", json=request(**changes), headers={"Idempotency-Key": key})


@pytest.fixture
def key() -> str:
    return f"key-{next(_number)}"


@pytest.fixture(scope="module")
def ada(api: Api) -> httpx.Client:
    return api.as_(Role.EDITOR, "ada")


@pytest.fixture(scope="module")
def bob(api: Api) -> httpx.Client:
    return api.as_(Role.SUPER_ADMIN, "bob")


@pytest.fixture(scope="module")
def cli(api: Api) -> Iterator[QuickCli]:
    cli = QuickCli(api.world.variables)
    yield cli
    cli.world.close()


def test_the_same_request_is_the_same_job(ada: httpx.Client, key: str) -> None:
    first, again = submit(ada, key), submit(ada, key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]


def test_defaults_that_are_named_are_the_same_request(ada: httpx.Client, key: str) -> None:
    first = submit(ada, key).json()["id"]
    again = submit(ada, key, payload={"seconds": 0.0, "key": "k"}, run_at="2100-01-01T00:00:00Z", priority=5)
    assert (again.status_code, again.json()["id"]) == (200, first)


@other
def test_another_request_is_refused_and_told_apart(ada: httpx.Client, key: str, changes: dict[str, Any]) -> None:
    first = submit(ada, key).json()["id"]
    refused = submit(ada, key, **changes)
    told = problem_of(refused, 409)
    assert told["type"] == REUSED
    assert told["errors"][0]["field"] == "idempotency_key"
    assert first not in refused.text
    assert submit(ada, key).json()["id"] == first


@other
def test_anothers_key_is_another_key(ada: httpx.Client, bob: httpx.Client, key: str, changes: dict[str, Any]) -> None:
    first = submit(ada, key).json()["id"]
    own = submit(bob, key, **changes)
    assert own.status_code == 202
    assert own.json()["id"] != first
    same = submit(bob, key, **changes)
    assert (same.status_code, same.json()) == (200, own.json())


def test_a_key_is_its_callers_whomever_they_submit_for(bob: httpx.Client, ada: httpx.Client, key: str) -> None:
    for_ada = submit(bob, key, submitted_by="ada").json()["id"]
    assert submit(ada, key).json()["id"] != for_ada
    assert submit(bob, key).json()["id"] == for_ada


def test_a_key_in_the_body_and_one_in_the_header_are_alike(ada: httpx.Client, key: str) -> None:
    first = submit(ada, key).json()["id"]
    assert ada.post("/api/jobs", json=request(idempotency_key=key)).json()["id"] == first


def test_an_id_of_anothers_job_tells_nothing_of_it(ada: httpx.Client, bob: httpx.Client) -> None:
    job_id = str(uuid4())
    assert ada.post("/api/jobs", json=request(id=job_id)).status_code == 202
    assert ada.post("/api/jobs", json=request(id=job_id)).status_code == 200
    for asked in (request(id=job_id), request(id=job_id, **OTHERS["another kind"])):
        told = problem_of(bob.post("/api/jobs", json=asked), 409)
        assert (told["type"], told["detail"]) == (
            "urn:arxos:problem:conflict",
            f"the id {job_id} belongs to another job",
        )


def batch(client: httpx.Client, *jobs: dict[str, Any]) -> httpx.Response:
    return client.post("/api/jobs/batch", json={"jobs": jobs})


def test_in_a_batch_the_same_request_is_the_same_job(ada: httpx.Client, key: str) -> None:
    answer = batch(ada, request(idempotency_key=key), request(), request(idempotency_key=key))
    first, between, again = answer.json()["ids"]
    assert first == again != between
    assert batch(ada, request(idempotency_key=key)).json()["ids"] == [first]


@other
def test_in_a_batch_another_request_refuses_all(api: Api, ada: httpx.Client, key: str, changes: dict[str, Any]) -> None:
    before = api.world.sql("SELECT count(*) FROM jobs")
    refused = batch(ada, request(idempotency_key=key), request(), request(idempotency_key=key) | changes)
    told = problem_of(refused, 409)
    assert told["type"] == REUSED
    assert told["errors"][0]["field"] == "jobs.2.idempotency_key"
    assert api.world.sql("SELECT count(*) FROM jobs") == before


def test_in_a_batch_anothers_key_is_another_key(ada: httpx.Client, bob: httpx.Client, key: str) -> None:
    first = submit(ada, key).json()["id"]
    answer = batch(bob, request(idempotency_key=key, payload={"key": "other"}))
    assert answer.status_code == 202
    assert answer.json()["ids"] != [first]


def test_the_command_line_has_keys_of_its_own(cli: QuickCli, ada: httpx.Client, key: str) -> None:
    first = submit(ada, key).json()["id"]
    asked = ("submit", "probe.effect", "--payload", '{"key": "k"}', "--key", key)
    own = cli.ok(*asked)
    assert own != first
    assert cli.ok(*asked) == own
    refused = cli.refusal("submit", "probe.noop", "--key", key, code=1)
    assert refused == f"arxos: idempotency key '{key}' was used before, for another request"


def test_the_command_line_in_the_name_of_a_user_has_that_users_keys(cli: QuickCli, ada: httpx.Client, key: str) -> None:
    first = submit(ada, key).json()["id"]
    line = json.dumps(request(idempotency_key=key, submitted_by="ada"))
    assert cli.ok("submit", "probe.effect", "--payload", '{"key": "k"}', "--key", key, "--as", "ada") == first
    assert cli.ok("submit", "--jsonl", "-", stdin=line) == first


def taken_in(api: Api, *asked: tuple[str, str, dict[str, Any]]) -> list[str]:
    """Let ingress take in messages, each (id, kind, payload), one after the other; reasons of refusals."""
    runtime, queue = api.world.runtime, f"ingress-{uuid4()}"
    ingress = ingress_of(runtime, {})
    ingress.queue = IngressQueue(runtime.settings.broker_url, queue)
    seen = {one.id for one in QuarantineTable(runtime.database).find(QuarantineFilter(), 1000)}
    with redis_client.Redis.from_url(runtime.settings.broker_url) as broker:
        for job_id, kind, payload in asked:
            headers = {"task": kind, "id": job_id}
            whole = {"body": [[], payload, {}], "content-type": "application/json", "headers": headers}
            broker.lpush(queue, json.dumps(whole | {"properties": {}}))
            ingress.step()
    ingress.queue.close()
    refused = QuarantineTable(runtime.database).find(QuarantineFilter(), 1000)
    return [one.reason for one in reversed(refused) if one.id not in seen]


def test_an_id_of_anothers_job_is_refused_though_the_request_is_the_same(api: Api, ada: httpx.Client) -> None:
    job_id = str(uuid4())
    ada.post("/api/jobs", json=request(id=job_id, idempotency_key=job_id)).raise_for_status()
    reasons = taken_in(api, (job_id, "probe.effect", {"key": "k"}), (job_id, "probe.noop", {}))
    assert reasons == [f"the id {job_id} belongs to another job"] * 2
    assert api.world.get(UUID(job_id)).submitted_by == "ada"


def test_anothers_key_that_looks_like_an_id_keeps_no_message_out(api: Api, ada: httpx.Client) -> None:
    job_id = str(uuid4())
    assert submit(ada, job_id).json()["id"] != job_id
    assert taken_in(api, (job_id, "probe.noop", {})) == []
    assert api.world.get(UUID(job_id)).kind == "probe.noop"


def test_a_message_that_comes_again_with_another_request_is_refused(api: Api) -> None:
    job_id = str(uuid4())
    asked: list[tuple[str, dict[str, Any]]] = [("probe.noop", {}), ("probe.noop", {}), ("probe.fail", {"times": 0})]
    reasons = taken_in(api, *((job_id, kind, payload) for kind, payload in asked))
    assert reasons == [f"idempotency key '{job_id}' was used before, for another request"]


def test_an_id_of_ingress_answers_nobody_else(api: Api, bob: httpx.Client) -> None:
    job_id = str(uuid4())
    assert taken_in(api, (job_id, "probe.effect", {"key": "k"})) == []
    assert bob.post("/api/jobs", json=request(id=job_id, idempotency_key=job_id)).status_code == 409
    assert submit(bob, job_id).json()["id"] != job_id


@pytest.mark.parametrize("subject", ["ingress", "cli", "webhooks", "health.sweep", "system", "schedule:nightly"])
def test_a_token_for_the_name_of_an_entry_point_owns_nothing_of_it(api: Api, cli: QuickCli, subject: str) -> None:
    """Neither its keys nor its jobs."""
    impostor, job_id = api.as_(Role.EDITOR, subject), str(uuid4())
    taken_in(api, (job_id, "probe.noop", {}))
    ids = [job_id, cli.ok("submit", "probe.noop"), str(api.world.submit("probe.noop", submitted_by=subject))]
    for one in ids:
        assert impostor.post(f"/api/jobs/{one}/cancel").status_code == 403
        assert impostor.post(f"/api/jobs/{one}/retry").status_code == 403
    assert submit(impostor, job_id, kind="probe.noop", payload={}).json()["id"] != job_id
    own = submit(impostor, f"own-{subject}").json()["id"]
    assert impostor.post(f"/api/jobs/{own}/cancel").status_code == 200


def test_what_follows_from_ones_upload_is_ones_own(api: Api, ada: httpx.Client) -> None:
    building = {"name": "House", "address": "1 Quay Street, Bristol"}
    path = ada.post("/api/buildings", json=building).raise_for_status().headers["Location"]
    model = b"ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\nENDSEC;\nEND-ISO-10303-21;\n"
    received = ada.put(f"{path}/model", params={"filename": "h.ifc"}, content=model).raise_for_status().json()
    for one in received["jobs"]:
        assert ada.post(f"/api/jobs/{one['id']}/cancel").status_code in {200, 409}
