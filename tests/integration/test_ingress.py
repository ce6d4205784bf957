"""The ingress as a process, and a plain Celery app in an environment of its own."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis as redis_client

from arxos.app.tokens import issue
from arxos.domain.access import Role
from arxos.domain.jobs.job import JobState
from arxos.storage.ingress_queue import IngressQueue
from arxos.storage.quarantine import QuarantineFilter, QuarantineTable
from tests.http import SECRET, Api, running_api
from tests.plain_celery import CLIENT, OLDEST, OURS, celery_of_their_own
from tests.running import Stack, wait_until


@pytest.fixture(scope="module")
def taking(stack: Stack) -> Iterator[Stack]:
    """Relay, worker and ingress."""
    process = stack.start("ingress")
    yield stack
    process.terminate()
    assert process.wait(20) == 0


@pytest.fixture
def broker(stack: Stack) -> Iterator[Any]:
    with redis_client.Redis.from_url(stack.variables["ARXOS_BROKER_URL"]) as client:
        yield client


def by_hand(kind: str, payload: Any, job_id: str | None = None, **changes: Any) -> str:
    headers = {"task": kind, "id": job_id or str(uuid4())}
    whole = {"body": [[], payload, {}], "content-type": "application/json", "headers": headers, "properties": {}}
    return json.dumps(whole | changes)


def reasons(stack: Stack) -> list[str]:
    return [one.reason for one in QuarantineTable(stack.runtime.database).find(QuarantineFilter(), 100, None)]


def test_a_message_from_any_language_becomes_a_job_that_runs(taking: Stack, broker: Any) -> None:
    job_id = str(uuid4())
    broker.lpush("ingress", by_hand("probe.effect", {"key": "hand"}, job_id))
    wait_until(lambda: taking.sql("SELECT state FROM jobs WHERE id = %s", UUID(job_id)) == [("succeeded",)], "it", 30)
    assert broker.llen("ingress") == 0


def test_a_message_that_comes_twice_is_one_job(taking: Stack, broker: Any) -> None:
    whole = by_hand("probe.noop", {}, job_id := str(uuid4()))
    for _ in range(3):
        broker.lpush("ingress", whole)
    wait_until(lambda: broker.llen("ingress") == 0, "all to be taken", 20)
    assert taking.sql("SELECT count(*) FROM jobs WHERE id = %s", UUID(job_id)) == [(1,)]


def test_nothing_of_what_is_refused_stops_the_others(taking: Stack, broker: Any) -> None:
    good = [str(uuid4()) for _ in range(20)]
    rubbish = [
        "no JSON", "[" * 10_000, "[]", by_hand("report.render", {}), by_hand("probe.fail", {"times": "x"}),
        by_hand("probe.noop", {}, "7"), by_hand("probe.noop", {}, **{"content-type": "application/x-python-serialize"}),
        b"\x80\x04\x95pickle", b"\xff" * 100,
    ]  # fmt: skip
    for number, job_id in enumerate(good):
        broker.lpush("ingress", rubbish[number % len(rubbish)])
        broker.lpush("ingress", by_hand("probe.noop", {}, job_id))
    broker.lpush("ingress", "x" * 50_000_000)
    wait_until(lambda: broker.llen("ingress") == 0, "all to be taken", 60)
    found = taking.sql("SELECT count(*) FROM jobs WHERE id = ANY(%s)", [UUID(one) for one in good])
    assert found == [(20,)]
    told = reasons(taking)
    for words in ("it is no JSON", "no job kind 'report.render'", "payload of probe.fail: times", "its id is no UUID",
                  "application/x-python-serialize", "it is larger than", "it is nested too deeply"):  # fmt: skip
        assert any(words in reason for reason in told), words


def test_an_id_of_another_job_is_refused(taking: Stack, broker: Any) -> None:
    job_id = taking.submit("probe.noop")
    broker.lpush("ingress", by_hand("probe.fail", {"times": 1}, str(job_id)))
    wait_until(lambda: broker.llen("ingress") == 0, "it to be taken", 20)
    assert any("belongs to another job" in reason for reason in reasons(taking))


def test_urgent_ones_go_first(stack: Stack, broker: Any) -> None:
    queue = IngressQueue(stack.variables["ARXOS_BROKER_URL"], "elsewhere")
    broker.lpush("elsewhere", "ordinary")
    broker.lpush("elsewhere\x06\x169", "urgent")
    assert [one.body for one in queue.oldest(10, 100)] == [b"urgent"]
    queue.drop(queue.oldest(10, 100), 10)
    assert [one.body for one in queue.oldest(10, 100)] == [b"ordinary"]
    broker.delete("elsewhere")
    queue.close()


def test_one_that_dies_between_commit_and_removal_leaves_one_job(stack: Stack, broker: Any) -> None:
    """What lies there is taken again, and makes the same job."""
    from arxos.workers.ingress import ingress_of  # noqa: PLC0415

    ingress = ingress_of(stack.runtime, {})
    ingress.queue = IngressQueue(stack.variables["ARXOS_BROKER_URL"], "ingress-test")
    broker.lpush("ingress-test", by_hand("probe.noop", {}, job_id := str(uuid4())))
    dropped = ingress.queue.drop
    ingress.queue.drop = lambda *_: None  # type: ignore[method-assign]
    assert ingress.step() == 1
    ingress.queue.drop = dropped  # type: ignore[method-assign]
    assert (broker.llen("ingress-test"), ingress.step(), broker.llen("ingress-test")) == (1, 1, 0)
    assert stack.sql("SELECT count(*) FROM jobs WHERE id = %s", UUID(job_id)) == [(1,)]


def test_a_signature_is_good_once(stack: Stack, broker: Any) -> None:
    from arxos.domain.jobs.signatures import parse_keys  # noqa: PLC0415
    from arxos.workers.ingress import ingress_of  # noqa: PLC0415
    from tests.unit.test_ingress_message import sign  # noqa: PLC0415

    ingress = ingress_of(stack.runtime, parse_keys(f"shop:{'s' * 32}"))
    ingress.queue = IngressQueue(stack.variables["ARXOS_BROKER_URL"], "ingress-signed")
    first, other = str(uuid4()), str(uuid4())
    headers = sign("shop", "s" * 32, first, "probe.noop", {})
    stolen = sign("shop", "s" * 32, other, "probe.noop", {})
    stolen["arxos"]["nonce"] = headers["arxos"]["nonce"]  # and signed anew, as only the key's owner could
    from arxos.domain.jobs.signatures import signature  # noqa: PLC0415

    facts = {name: value for name, value in stolen["arxos"].items() if name != "sig"}
    facts |= {"id": other, "kind": "probe.noop", "payload": {}, "eta": None, "expires": None}
    stolen["arxos"]["sig"] = signature(b"s" * 32, facts)
    for job_id, proof in ((first, headers), (first, headers), (other, stolen)):
        whole = json.loads(by_hand("probe.noop", {}, job_id))
        whole["headers"] |= proof
        broker.lpush("ingress-signed", json.dumps(whole))
    ingress.step()
    found = stack.sql("SELECT id::text, submitted_by FROM jobs WHERE id = ANY(%s)", [UUID(first), UUID(other)])
    assert found == [(first, "ingress:shop")]
    assert "its signature was used before" in reasons(stack)


@pytest.fixture(scope="module", params=[OURS, OLDEST])
def theirs(request: pytest.FixtureRequest) -> Path:
    return celery_of_their_own(request.param)


@pytest.fixture(scope="module")
def served(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(stack.variables, tmp_path_factory.mktemp("served")) as api:
        yield api


PRODUCER = """
import sys, uuid
from celery import Celery
app = Celery("shop", broker=sys.argv[1])
if sys.argv[2] == "results":
    app.conf.result_backend = "arxos_celery.LedgerBackend+" + sys.argv[3]
job_id = str(uuid.uuid4())
app.send_task(sys.argv[4], kwargs=eval(sys.argv[5]), queue="ingress", task_id=job_id)
if sys.argv[2] == "results":
    try:
        print(app.AsyncResult(job_id).get(timeout=60))
    except Exception as error:
        print(type(error).__name__, error)
print(job_id)
"""


def produced(python: Path, stack: Stack, served: Api, results: str, kind: str, payload: dict[str, Any]) -> list[str]:
    token = issue(SECRET, "shop", Role.VIEWER, 600)
    given = {
        "PATH": os.environ["PATH"],
        "ARXOS_TOKEN": token,
        "PYTHONPATH": str(CLIENT) if results == "results" else "",
    }
    command = [
        str(python),
        "-c",
        PRODUCER,
        stack.variables["ARXOS_BROKER_URL"],
        results,
        served.url,
        kind,
        repr(payload),
    ]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_app_without_any_of_our_code_submits(taking: Stack, served: Api, theirs: Path) -> None:
    *_, job_id = produced(theirs, taking, served, "none", "probe.effect", {"key": "plain"})
    wait_until(lambda: taking.effects([UUID(job_id)]) == [UUID(job_id)], "its effect", 30)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_its_results_come_from_the_ledger(taking: Stack, served: Api, theirs: Path) -> None:
    said, job_id = produced(theirs, taking, served, "results", "probe.noop", {})
    assert (said, taking.get(UUID(job_id)).state) == ("None", JobState.SUCCEEDED)
    said, job_id = produced(theirs, taking, served, "results", "probe.fail", {"times": 1, "permanent": True})
    assert said.startswith("JobFailedError PermanentError:")
    assert taking.get(UUID(job_id)).state is JobState.DEAD
