"""Webhooks, from the job that ends to the receiver that hears of it."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.access import Role
from arxos.domain.jobs.job import JobState
from arxos.tasks.endings import tell_endings
from arxos.tasks.registry import all_kinds
from deploy.local.programs import find_node
from tests.http import SECRET, Api, problem_of, running_api
from tests.receivers import Receiver, receiving
from tests.running import Stack, running_stack, variables, wait_until
from tests.servers import Servers

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"


@pytest.fixture(scope="module")
def live(
    servers: Servers, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Api, Stack]]:
    """A system that may call this machine."""
    folder = tmp_path_factory.mktemp("webhooks")
    url = servers.create_database(f"arxos_webhooks_{uuid4().hex[:8]}", database_url.rpartition("/")[2])
    given = variables(url, redis_url, folder) | {"ARXOS_WEBHOOK_ALLOW": "127.0.0.0/8", "ARXOS_JWT_SECRET": SECRET}
    for stack in running_stack(given, folder):
        io = stack.start("worker", "--pool", "io", "--concurrency", "4")
        with running_api(given, folder) as api:
            yield api, stack
        io.terminate()
        io.wait(20)
    servers.drop_database(url.rpartition("/")[2])


@pytest.fixture
def api(live: tuple[Api, Stack]) -> Api:
    return live[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def hook(api: Api, receiver: Receiver) -> dict[str, Any]:
    answer = api.editor.post("/api/webhooks", json={"url": receiver.url})
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


def told(receiver: Receiver, count: int = 1) -> list[dict[str, Any]]:
    wait_until(lambda: len(receiver.got) >= count, f"{count} messages", 30)
    return [json.loads(body) for _, body in receiver.got]


@pytest.mark.parametrize(
    ("kind", "payload", "ends"),
    [("probe.noop", {}, "succeeded"), ("probe.fail", {"times": 1, "permanent": True}, "dead")],
)
def test_who_is_named_hears_of_the_end(
    api: Api, receiver: Receiver, kind: str, payload: dict[str, Any], ends: str
) -> None:
    webhook = hook(api, receiver)
    job = api.editor.post("/api/jobs", json={"kind": kind, "payload": payload, "webhook_id": webhook["id"]}).json()
    [message] = told(receiver)
    assert (message["type"], message["job"]["id"], message["job"]["state"]) == (f"job.{ends}", job["id"], ends)
    assert (message["job"]["error"] is None) == (ends == "succeeded")
    [(headers, _)] = receiver.got
    assert headers["webhook-id"] == message["id"]


def test_a_cancelled_job_is_told_too(api: Api, receiver: Receiver) -> None:
    later = {"kind": "probe.noop", "run_at": "2099-01-01T00:00:00Z", "webhook_id": hook(api, receiver)["id"]}
    job = api.editor.post("/api/jobs", json=later).json()["id"]
    api.editor.post(f"/api/jobs/{job}/cancel").raise_for_status()
    assert told(receiver)[0]["type"] == "job.cancelled"


def test_a_receiver_that_fails_is_told_again_under_the_same_id(api: Api, receiver: Receiver) -> None:
    receiver.answers = [500]
    webhook = hook(api, receiver)
    api.editor.post("/api/jobs", json={"kind": "probe.noop", "webhook_id": webhook["id"]})
    told(receiver)
    for _ in range(2):  # its own time would be some seconds later
        api.world.execute("UPDATE jobs SET available_at = clock_timestamp() WHERE kind = 'webhook.deliver'")
    first, second = (headers for headers, _ in (told(receiver, 2), receiver.got)[1])
    assert first["webhook-id"] == second["webhook-id"]


def test_a_receiver_that_wants_no_more_gets_no_more(api: Api, receiver: Receiver) -> None:
    receiver.answers = [410]
    webhook = hook(api, receiver)
    api.editor.post("/api/jobs", json={"kind": "probe.noop", "webhook_id": webhook["id"]})
    path = f"/api/webhooks/{webhook['id']}"
    wait_until(lambda: api.editor.get(path).json()["disabled_at"], "the webhook to be disabled", 30)
    problem_of(api.editor.post(f"{path}/test"), 409)
    assert len(receiver.got) == 1


def test_a_test_message_arrives_and_is_listed(api: Api, receiver: Receiver) -> None:
    webhook = hook(api, receiver)
    job = api.editor.post(f"/api/webhooks/{webhook['id']}/test").json()["id"]
    told(receiver)
    api.world.reaches(UUID(job), JobState.SUCCEEDED)
    [delivery] = api.editor.get(f"/api/webhooks/{webhook['id']}/deliveries").json()["items"]
    assert (delivery["id"], delivery["result"]["status"]) == (job, 200)


def test_the_guides_receivers_know_what_is_genuine(api: Api, receiver: Receiver) -> None:
    webhook = hook(api, receiver)
    api.editor.post(f"/api/webhooks/{webhook['id']}/test")
    told(receiver)
    [(headers, body)] = receiver.got
    code = dict(re.findall(r"```(python|javascript)\n(.*?)```", GUIDE.read_text(), re.DOTALL))
    names: dict[str, Any] = {}
    exec(code["python"], names)  # noqa: S102 - our own page
    assert names["is_genuine"](webhook["secret"], headers, body)
    assert not names["is_genuine"](webhook["secret"], headers, body + b" ")
    assert not names["is_genuine"]("whsec_" + "A" * 44, headers, body)
    for text, expected in ((body.decode(), "true"), (body.decode() + " ", "false")):
        call = f"console.log(isGenuine({json.dumps(webhook['secret'])}, {json.dumps(headers)}, {json.dumps(text)}))"
        command = [str(find_node()), "--input-type=module", "-e", f"{code['javascript']}\n{call}"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == expected


def test_a_job_names_ones_own_webhook_only(api: Api, receiver: Receiver) -> None:
    webhook = hook(api, receiver)
    for other in (str(uuid4()), webhook["id"]):
        job = {"kind": "probe.noop", "webhook_id": other}
        stranger = api.as_(Role.EDITOR, "stranger")
        problem = problem_of(stranger.post("/api/jobs", json=job), 422)
        assert problem["errors"][0]["field"] == "webhook_id"
        problem_of(stranger.post("/api/jobs/batch", json={"jobs": [job]}), 422)
        problem_of(stranger.get(f"/api/webhooks/{other}"), 404)
        problem_of(stranger.delete(f"/api/webhooks/{other}"), 404)
    assert webhook["id"] not in str(api.as_(Role.EDITOR, "stranger").get("/api/webhooks").json())
    assert webhook["id"] in str(api.root.get("/api/webhooks").json())
    assert api.editor.delete(f"/api/webhooks/{webhook['id']}").status_code == 204


@pytest.mark.parametrize("url", ["ftp://x.example", "http://u:p@x.example", "nonsense", ""])
def test_an_address_that_cannot_be_is_refused(api: Api, url: str) -> None:
    problem_of(api.editor.post("/api/webhooks", json={"url": url}), 422)
    problem_of(api.viewer.post("/api/webhooks", json={"url": "https://x.example"}), 403)


def test_no_secret_is_stored(api: Api, receiver: Receiver) -> None:
    secret = hook(api, receiver)["secret"]
    rows = api.world.sql("SELECT webhooks::text FROM webhooks")
    assert not [row for (row,) in rows if secret.removeprefix("whsec_") in row]


def test_many_relays_make_one_delivery_of_each_end(live: tuple[Api, Stack], receiver: Receiver) -> None:
    _, stack = live
    kinds, unit_of_work = all_kinds(probes=True), stack.runtime.ports.unit_of_work
    values = "SELECT gen_random_uuid(), gen_random_uuid(), 'succeeded' FROM generate_series(1, 2000)"
    stack.execute(f"INSERT INTO webhook_outbox (webhook_id, job_id, state) {values}")
    before = stack.sql("SELECT coalesce(max(id), 0) - 2000 FROM webhook_outbox")[0][0]
    threads = [threading.Thread(target=tell_endings, args=(unit_of_work, kinds)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: stack.sql("SELECT count(*) FROM webhook_outbox") == [(0,)], "an empty outbox", 20)
    found = "SELECT count(*), count(DISTINCT payload->>'job_id') FROM jobs WHERE kind = 'webhook.deliver'"
    made = stack.sql(found + " AND payload->>'webhook_id' NOT IN (SELECT id::text FROM webhooks)")
    assert made[0][1] >= 2000
    assert made[0][0] == made[0][1], before


def test_a_relay_that_dies_between_taking_and_telling_loses_nothing(live: tuple[Api, Stack]) -> None:
    _, stack = live
    marker = uuid4()
    with stack.runtime.ports.unit_of_work() as uow:
        stack.execute("INSERT INTO webhook_outbox (webhook_id, job_id, state) VALUES (%s, %s, 'dead')", marker, marker)
        uow.webhooks.take(10_000)  # and no commit
    told_of = "SELECT count(*) FROM jobs WHERE payload->>'job_id' = %s"
    wait_until(lambda: stack.sql(told_of, str(marker)) == [(1,)], "somebody else to tell of it", 20)
