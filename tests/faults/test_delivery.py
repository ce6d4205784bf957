"""What arrives on the queues: twice, forged, old, too new, from a deploy under way, or no message at all."""

import base64
import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis as redis_client

from arxos.domain.jobs.job import JobState, NewJob
from arxos.workers.admission import LARGEST_BYTES
from arxos.workers.celery_app import build_app
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import FAST, Ground
from tests.faults.proxy import Proxy
from tests.faults.strange import UNTELLABLE
from tests.faults.system import System
from tests.running import children_of, wait_until

pytestmark = pytest.mark.slow

QUEUE_OF = {"worker-cpu": "maintenance", "worker-io": "health"}
WORKERS = pytest.mark.parametrize("worker", sorted(QUEUE_OF))
SLOWER_WITH_IO = pytest.mark.parametrize(
    "worker", ["worker-cpu", pytest.param("worker-io", marks=pytest.mark.faults_slow)]
)


@pytest.fixture
def broker(ground: Ground) -> Iterator[Any]:
    """A client of the broker, as whoever can write to it has one."""
    with redis_client.Redis.from_url(ground.servers.redis_url, socket_timeout=20) as client:
        yield client


@WORKERS
def test_the_same_message_delivered_to_many_at_once_runs_once(
    make_system: MakeSystem, broker: Any, record: Record, worker: str
) -> None:
    system, queue = make_system(roles=("relay",)), QUEUE_OF[worker]
    with record(system, 10, "the same message delivered many times", variant=worker, recovers_in=20) as scenario:
        ids = [*scenario.burst(4, seconds=0.3, queue=queue), *scenario.burst(100, queue=queue)]
        messages = published(system, broker, queue)
        for message in messages:
            broker.lpush(queue, *[message] * 20)
        for name in ("one", "another"):
            system.start(name, ("worker", "--pool", worker.removeprefix("worker-"), "--concurrency", "2"))
        scenario.fault_over()
        system.ready()  # a job of its own went through behind them
        wait_until(lambda: quiet(broker, queue), "all were taken")
    assert once(system, ids)


@pytest.mark.faults_slow
def test_a_deploy_whose_new_jobs_come_before_its_workers(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay",), STRANGE="1")
    system.start("worker-cpu", STRANGE_VERSION="old")
    system.ready()
    with record(system, 40, "a deploy", variant="only old workers at first", recovers_in=30) as scenario:
        newer = scenario.accept(system.insert(*new_jobs(system)))
        system.all_reach(scenario.burst(100), JobState.SUCCEEDED, within_s=20)
        parked = "SELECT count(*) FROM jobs WHERE id = ANY(%s) AND progress_note LIKE 'waits for a newer worker%%'"
        wait_until(lambda: system.sql(parked, newer) == [(len(newer),)], "all are parked", 20)
        untouched = "SELECT DISTINCT state, attempt, lost FROM jobs WHERE id = ANY(%s)"
        assert system.sql(untouched, newer) == [("queued", 0, 0)]
        system.start("worker-new", ("worker", "--pool", "cpu", "--concurrency", "2"), STRANGE_VERSION="new")
        scenario.fault_over()
    assert once(system, newer)
    told = [line for line in system.log("worker-cpu").splitlines() if "jobs_parked" in line]
    assert 2 <= len(told) <= 4  # two kinds, two children
    assert all(any(name in line for line in told) for name in ("strange.novel", "strange.grown"))
    assert system.sql("SELECT count(*) FROM quarantine") == [(0,)]


@SLOWER_WITH_IO
def test_old_and_new_workers_side_by_side(make_system: MakeSystem, record: Record, worker: str) -> None:
    system, pool = make_system(roles=("relay",), STRANGE="1"), worker.removeprefix("worker-")
    for version in ("old", "new"):
        system.start(version, ("worker", "--pool", pool, "--concurrency", "2"), STRANGE_VERSION=version)
    system.ready()
    queue = QUEUE_OF[worker]
    with record(system, 40, "a deploy", variant=f"old and new {worker} side by side", recovers_in=40) as scenario:
        newer = scenario.accept(system.insert(*new_jobs(system, queue=queue)))
        ids = scenario.burst(100, queue=queue, seconds=0.02)
        scenario.fault_over()
    assert once(system, [*newer, *ids])
    ran = system.sql("SELECT DISTINCT split_part(worker, ':', 2)::int FROM attempts WHERE job_id = ANY(%s)", newer)
    assert ran == [(system.processes["new"].pid,)]


@pytest.mark.faults_slow
def test_a_rolling_deploy_under_load_loses_nothing_and_burns_no_attempt(
    make_system: MakeSystem, record: Record
) -> None:
    system = make_system(roles=("relay",), STRANGE="1", ARXOS_DRAIN_S="1")
    command = ("worker", "--pool", "cpu", "--concurrency", "1")
    for number in range(3):
        system.start(f"old-{number}", command, STRANGE_VERSION="old")
    system.ready()
    with record(system, 40, "a deploy", variant="rolling, under load", recovers_in=60) as scenario:
        ids = [*scenario.burst(200, seconds=0.05), *scenario.burst(2, seconds=4)]
        for number in range(3):
            ids += scenario.accept(system.insert(*new_jobs(system)))
            ids += scenario.burst(100, seconds=0.02)
            system.start(f"new-{number}", command, STRANGE_VERSION="new")
            system.retire(f"old-{number}").terminate()
            assert system.processes[f"old-{number}"].wait(60) == 0
        scenario.fault_over()
    burned = "SELECT count(*) FROM attempts WHERE job_id = ANY(%s) AND outcome NOT IN ('succeeded', 'interrupted')"
    assert system.sql(burned, ids) == [(0,)]
    assert system.sql("SELECT count(*) FROM jobs WHERE max_attempts <> 7 + attempt AND kind = 'probe.effect'") == [(0,)]


@pytest.mark.faults_slow
def test_a_flood_of_jobs_that_nobody_knows_yet_delays_no_other(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay",), STRANGE="1")
    system.start("worker-cpu", STRANGE_VERSION="old")
    system.ready()
    with record(system, 40, "a deploy", variant="3,000 new jobs before it", recovers_in=60) as scenario:
        [model, *_] = new_jobs(system)
        flood = [replace(model, id=uuid4(), batch=1) for _ in range(3_000)]
        newer = scenario.accept(system.insert(*flood))
        waits = []
        for _ in range(20):
            began = datetime.now(UTC)
            system.all_reach(scenario.burst(1), JobState.SUCCEEDED, within_s=30)
            waits.append((datetime.now(UTC) - began).total_seconds())
            wait_until(lambda: datetime.now(UTC) - began > timedelta(seconds=1), "a second", 5)  # noqa: B023
        print(f"waits in s: first {waits[0]:.1f}, then at most {max(waits[1:]):.1f}")  # noqa: T201 - the figure
        system.start("worker-new", ("worker", "--pool", "cpu", "--concurrency", "2"), STRANGE_VERSION="new")
        scenario.fault_over()
    assert max(waits) < 3
    assert once(system, newer)


@WORKERS
def test_rubbish_on_a_queue_stops_nobody(system: System, broker: Any, record: Record, worker: str) -> None:
    queue = QUEUE_OF[worker]
    with record(system, 41, "rubbish on a queue", variant=worker, recovers_in=20) as scenario:
        family = children_of(system.processes[worker].pid)
        for rubbish in RUBBISH.values():
            scenario.burst(2, queue=queue, seconds=0.01)
            broker.lpush(queue, *[rubbish()] * 3)
        scenario.burst(100, queue=queue)
        scenario.fault_over()
        wait_until(lambda: quarantined(system) >= 3 * len(RUBBISH), "all are recorded", 20)
    assert system.exits == []
    assert children_of(system.processes[worker].pid) == family
    assert quiet(broker, queue)
    assert sorted(system.sql("SELECT reason, count(*) FROM quarantine GROUP BY reason")) == sorted(REASONS.items())
    kept = "SELECT count(*) FROM quarantine WHERE concat(task, message_id, reason, excerpt) LIKE %s"
    assert system.sql(kept, "%secret%") == [(0,)]
    assert system.sql("SELECT DISTINCT queue FROM quarantine") == [(queue,)]
    log = system.log(worker)
    assert log.count("message_quarantined") >= 3 * len(RUBBISH)
    assert "secret" not in log
    assert "Traceback" not in log


@WORKERS
def test_a_message_of_50_mb_stops_nobody(system: System, broker: Any, record: Record, worker: str) -> None:
    queue = QUEUE_OF[worker]
    with record(system, 41, "rubbish on a queue", variant=f"{worker}, 50 MB", recovers_in=20) as scenario:
        scenario.burst(50, queue=queue, seconds=0.01)
        broker.lpush(queue, like_the_relays(body=base64.b64encode(b"x" * 37_000_000).decode()))
        scenario.burst(50, queue=queue)
        scenario.fault_over()
        wait_until(lambda: quarantined(system) == 1, "it is recorded", 20)
    [told] = json.loads(queues_quarantine(system))
    reason, size = told["reason"], told["size_bytes"]
    assert reason == f"larger than {LARGEST_BYTES} bytes"
    assert size > 49_000_000
    assert system.exits == []


def test_rubbish_is_recorded_when_the_database_is_back(
    ground: Ground, system: System, broker: Any, record: Record
) -> None:
    with record(system, 41, "rubbish on a queue", variant="PostgreSQL away", recovers_in=30) as scenario:
        wait_until(lambda: quiet(broker, "maintenance"), "nobody waits for the database with a message in hand")
        ground.postgres.stop(FAST)
        broker.lpush("maintenance", *[b"no json"] * 20)
        wait_until(lambda: system.log("worker-cpu").count("message_quarantined") == 20, "it goes on reading", 10)
        ground.postgres.start()
        scenario.fault_over()
        scenario.accept(system.patient().burst(50, seconds=0.02))
        wait_until(lambda: quarantined(system.patient()) == 20, "all are recorded", 20)


@pytest.mark.parametrize("key", ["unacked", "_kombu.binding.maintenance"])
def test_rubbish_in_the_brokers_own_keys_stops_nobody(
    make_system: MakeSystem, broker: Any, record: Record, key: str
) -> None:
    system = make_system(roles=("relay",))
    with record(system, 41, "rubbish in the broker's own keys", variant=key, recovers_in=30) as scenario:
        if key == "unacked":
            broker.hset(key, "tag", b"no json")
            broker.zadd("unacked_index", {"tag": 1})
        else:
            broker.sadd(key, b"no binding")
        system.start("worker-cpu")
        scenario.burst(50, seconds=0.01)
        scenario.fault_over()
        system.ready(30)


def test_rubbish_on_the_channel_of_remote_control_stops_nobody(system: System, broker: Any, record: Record) -> None:
    with record(system, 41, "rubbish on the channel of remote control", recovers_in=10) as scenario:
        in_yaml = like_the_relays(**{"content-type": "application/x-yaml"})
        for rubbish in (*(make() for make in RUBBISH.values()), like_the_relays(), in_yaml):
            wait_until(lambda: broker.publish("/0.celery.pidbox", rubbish) == 2, "both hear it", 5)  # noqa: B023
            scenario.burst(5)
            scenario.burst(5, queue="health")
        scenario.fault_over()
        inspecting = build_app(system.runtime.settings)
        wait_until(lambda: len(inspecting.control.ping(timeout=2) or []) == 2, "both answer still", 20)
        inspecting.close()
    assert system.exits == []


def test_a_forged_name_runs_the_jobs_own_kind_or_nothing(make_system: MakeSystem, broker: Any, record: Record) -> None:
    system = make_system(roles=("relay",), STRANGE="1", ARXOS_REPUBLISH_S="2")
    with record(system, 42, "forged header", variant="task name swapped", recovers_in=30) as scenario:
        ids = [*scenario.burst(2, seconds=3), *scenario.burst(50)]
        before = asked(system, ids)
        for message in published(system, broker):
            broker.lrem("maintenance", 1, message)
            for name in ("strange.overtime", "probe.crash", "no.such_kind"):  # the first has a hard limit of 2 s
                broker.lpush("maintenance", forged(message, headers={"task": name}))
        system.start("worker-cpu")
        scenario.fault_over()
    assert asked(system, ids) == before
    assert once(system, ids)


def test_a_message_in_another_pools_queue_runs_nothing_there(system: System, broker: Any, record: Record) -> None:
    with record(system, 42, "forged messages", variant="in another pool's queue", recovers_in=10) as scenario:
        in_a_while = datetime.now(UTC) + timedelta(seconds=2)
        killers = [system.submit("probe.crash", how="kill", times=1, run_at=in_a_while) for _ in range(2)]
        scenario.accept(killers)
        forger = Thread(target=send_all_the_while, args=(broker, "health", killers))
        forger.start()
        scenario.fault_over()
        system.all_reach(killers, JobState.SUCCEEDED)
        forger.join()
    assert [name for name, _ in system.exits] == []
    assert [(job.lost, job.attempt) for job in map(system.get, killers)] == [(1, 2)] * 2


def send_all_the_while(broker: Any, queue: str, ids: Sequence[UUID]) -> None:
    """Name these jobs in that queue, again and again for some seconds."""
    for _ in range(100):
        broker.lpush(queue, *(like_the_relays(job_id, task="probe.crash") for job_id in ids))
        Event().wait(0.05)


def test_what_a_forged_header_asks_for_is_not_done(make_system: MakeSystem, broker: Any, record: Record) -> None:
    system = make_system(roles=("relay",))
    asks: Mapping[str, Any] = {
        "timelimit": [0.1, 0.1],
        "eta": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        "expires": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "compression": "application/x-gzip",
        "group": str(uuid4()),
        "retries": 1_000_000,
        "ignore_result": False,
        "shadow": "probe.crash",
        "reply_to": "somewhere",
    }
    with record(system, 42, "forged header", variant="limits, eta, callbacks", recovers_in=10) as scenario:
        ids = [*scenario.burst(5, seconds=0.5), *scenario.burst(50)]
        call: dict[str, Any] = {
            "task": "celery.accumulate",
            "args": [1],
            "kwargs": {},
            "options": {},
            "subtask_type": None,
        }
        embed = {"callbacks": [call], "errbacks": [call], "chain": [call], "chord": call}
        for message in published(system, broker):
            broker.lrem("maintenance", 1, message)
            broker.lpush("maintenance", forged(message, headers=asks, embed=embed))
        system.start("worker-cpu")
        scenario.fault_over()
    assert once(system, ids)
    assert broker.keys("*accumulate*") == []


@WORKERS
def test_forged_messages_invent_no_job_and_run_none_early(
    system: System, broker: Any, record: Record, worker: str
) -> None:
    queue = QUEUE_OF[worker]
    with record(system, 42, "forged messages", variant=f"{worker}, invented and early", recovers_in=10) as scenario:
        in_an_hour = datetime.now(UTC) + timedelta(hours=1)
        early = scenario.accept(
            [system.submit("probe.effect", key="e", queue=queue, run_at=in_an_hour)], JobState.CANCELLED
        )
        for name in ("probe.effect", "no.such_kind"):
            broker.lpush(queue, *(like_the_relays(*early, task=name), like_the_relays(uuid4(), task=name)) * 10)
        scenario.fault_over()
        scenario.burst(20, queue=queue)
        wait_until(lambda: quiet(broker, queue), "all were taken", 20)
        wait_until(lambda: quarantined(system) > 0, "the invented kind is recorded", 20)
        assert system.sql("SELECT state, attempt, available_at FROM jobs WHERE id = %s", early[0]) == [
            ("queued", 0, in_an_hour)
        ]
        system.do(lambda ledger: ledger.cancel(early[0], "ada", "shown"))
    assert system.sql("SELECT DISTINCT task, reason FROM quarantine") == [
        ("no.such_kind", "names a kind that is not known here, and no job")
    ]


@SLOWER_WITH_IO
def test_the_replay_of_old_messages_does_nothing(
    make_system: MakeSystem, broker: Any, record: Record, worker: str
) -> None:
    system, queue = make_system(roles=("relay",), ARXOS_QUEUE_DEPTH="200"), QUEUE_OF[worker]
    with record(system, 43, "replay of old messages", variant=worker, recovers_in=20) as scenario:
        ids = [*scenario.burst(2, seconds=0.1, queue=queue), *scenario.burst(100, queue=queue)]
        dead = system.submit("probe.fail", times=9, permanent=True, queue=queue)
        cancelled = system.submit("probe.effect", key="c", queue=queue)
        ids += scenario.accept([dead], JobState.DEAD) + scenario.accept([cancelled], JobState.CANCELLED)
        messages = published(system, broker, queue)
        system.do(lambda ledger: ledger.cancel(cancelled, "ada", "wrong file"))
        system.start(worker)
        for job_id in ids:
            system.reaches(job_id)
        before = done(system, ids)
        for _ in range(10):
            broker.lpush(queue, *messages)
        scenario.fault_over()
        scenario.burst(20, queue=queue)
        wait_until(lambda: quiet(broker, queue), "all were taken", 20)
    assert done(system, ids) == before


@SLOWER_WITH_IO
def test_errors_that_cannot_be_told_are_settled_and_told_in_short(
    make_system: MakeSystem, record: Record, worker: str
) -> None:
    system = make_system(roles=("relay", worker), STRANGE="1")
    with record(system, 44, "errors that cannot be told", variant=worker, recovers_in=20) as scenario:
        model = replace(system.job("probe.noop", queue=QUEUE_OF[worker]), kind="strange.untellable", batch=1)
        jobs = [replace(model, id=uuid4(), payload={"how": how}) for how in sorted(UNTELLABLE)]
        ids = scenario.accept(system.insert(*jobs))
        scenario.fault_over()
    told = "SELECT outcome, max(length(error_message)), max(length(error_type)) FROM attempts GROUP BY outcome"
    [(_, message, name)] = [row for row in system.sql(told) if row[0] == "failed"]
    assert (message < 4_100, name <= 200) == (True, True)
    outcomes = "SELECT outcome, count(*) FROM attempts WHERE job_id = ANY(%s) GROUP BY outcome ORDER BY outcome"
    assert system.sql(outcomes, ids) == [("failed", len(ids)), ("succeeded", len(ids))]
    assert len(system.log(worker)) < 30_000 * len(ids)
    assert system.log(worker).count("job_raised") == len(ids)


@pytest.mark.parametrize("lost", ["answer", "request"])
def test_a_publication_whose_outcome_is_unknown_is_made_again(
    ground: Ground, make_system: MakeSystem, redis_proxy: Proxy, record: Record, lost: str
) -> None:
    system = make_system(roles=("worker-cpu", "worker-io"))
    system.start("relay", ARXOS_BROKER_URL=redis_proxy.url(ground.servers.redis_url))
    system.ready()
    with record(system, 45, "publish outcome unknown", variant=f"{lost} lost", recovers_in=8) as scenario:
        ids: list[UUID] = []
        for queue in ("maintenance", "health") * 2:
            (redis_proxy.swallow_answer if lost == "answer" else redis_proxy.swallow_request)(b"LPUSH")
            ids += scenario.burst(100, queue=queue)
            ids += scenario.burst(5, queue=queue, seconds=0.1)
            wait_until(lambda: redis_proxy.swallowed, "a publication got no answer")
        scenario.fault_over()
    assert once(system, ids)
    assert system.log("relay").count("the broker cannot be reached") > 0
    assert system.exits == []


def new_jobs(system: System, **fields: Any) -> list[NewJob]:
    """What the new version submits: 50 light jobs and 5 others of a kind that it knows alone, 5 of a newer contract."""
    light = [system.job("probe.effect", key=str(n), **fields) for n in range(50)]
    others = [system.job("probe.effect", key=str(n), seconds=0.05, **fields) for n in range(5)]
    newer = [replace(system.job("probe.noop", **fields), kind="strange.grown", contract=2, batch=1) for _ in range(5)]
    return [
        *(replace(job, kind="strange.novel") for job in (*light, *others)),
        *(replace(job, payload={"colour": "red"}) for job in newer),
    ]


def published(system: System, broker: Any, queue: str = "maintenance") -> list[bytes]:
    """The relay's messages for all jobs that were submitted, while nobody consumes them."""
    wait_until(lambda: system.sql("SELECT count(*) FROM jobs WHERE published_at IS NULL") == [(0,)], "published", 20)
    wait_until(lambda: broker.llen(queue) > 0, "and sent", 5)
    messages: list[bytes] = broker.lrange(queue, 0, -1)
    return messages


def queues_quarantine(system: System) -> str:
    """What an operator is shown."""
    command = [sys.executable, "-m", "arxos.cli.main", "queues", "quarantine", "--json"]
    return subprocess.run(
        command, env=os.environ | system.variables, capture_output=True, text=True, timeout=30, check=True
    ).stdout


def quiet(broker: Any, queue: str) -> bool:
    """Nothing waits, and nothing is taken and not confirmed."""
    return (broker.llen(queue), broker.hlen("unacked")) == (0, 0)


def quarantined(system: Any) -> int:
    return int(system.sql("SELECT count(*) FROM quarantine")[0][0])


def once(system: System, ids: list[UUID]) -> bool:
    """Whether each had one attempt and no other."""
    return bool(system.sql("SELECT DISTINCT attempt, lost FROM jobs WHERE id = ANY(%s)", ids) == [(1, 0)])


def asked(system: System, ids: list[UUID]) -> list[Any]:
    """What no message may change."""
    columns = "id, kind, queue, payload, policy, contract, max_attempts"
    return system.sql(f"SELECT {columns} FROM jobs WHERE id = ANY(%s) ORDER BY id", ids)


def done(system: System, ids: list[UUID]) -> list[Any]:
    """What another run would change."""
    columns = "id, state, attempt, worker, delivery, started_at, finished_at, error_message"
    return system.sql(f"SELECT {columns} FROM jobs WHERE id = ANY(%s) ORDER BY id", ids)


def like_the_relays(*ids: UUID, **fields: Any) -> bytes:
    """A message as the relay makes it, from somebody else; `fields` replace those of the envelope or its headers."""
    body = [[[str(job_id) for job_id in ids or (uuid4(),)]], {}, {}]
    envelope = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": "probe.effect", "id": str(uuid4()), "lang": "py"},
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": "maintenance"},
            "delivery_tag": str(uuid4()),
        },
    }
    own = {name: fields.pop(name) for name in list(fields) if name in envelope}
    return json.dumps({**envelope, "headers": {**envelope["headers"], **fields}, **own}).encode()  # type: ignore[dict-item]


def forged(message: bytes, headers: Mapping[str, Any], embed: Any = None) -> bytes:
    """A message of the relay's with other headers, and other callbacks."""
    envelope = json.loads(message)
    arguments, kwargs, own = json.loads(base64.b64decode(envelope["body"]))
    body = json.dumps([arguments, kwargs, embed or own]).encode()
    return json.dumps(
        {**envelope, "headers": {**envelope["headers"], **headers}, "body": base64.b64encode(body).decode()}
    ).encode()


def with_body(body: object) -> bytes:
    return like_the_relays(body=base64.b64encode(json.dumps(body).encode()).decode())


NOT_IDS = "its arguments are no list of job ids"
NO_ENVELOPE = "no envelope of a message"
UNDECODABLE = "its body cannot be decoded"
# Sort of rubbish → (what lies in the queue, why it is refused)
SORTS: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "no JSON": (lambda: b"secret\xff\x00", "no JSON"),
    "empty": (lambda: b"", "no JSON"),
    "half a message": (lambda: like_the_relays()[:-9], "no JSON"),
    "a huge number": (lambda: b"9" * 100_000, "no JSON"),
    "deep": (lambda: b"[" * 500_000, "nested too deeply"),
    "no envelope": (lambda: b'{"secret": 1}', NO_ENVELOPE),
    "a list": (lambda: b"[1, 2]", NO_ENVELOPE),
    "null": (lambda: b"null", NO_ENVELOPE),
    "no headers": (lambda: like_the_relays(headers=None), NO_ENVELOPE),
    "no properties": (lambda: like_the_relays(properties=7), NO_ENVELOPE),
    "first protocol": (lambda: like_the_relays(headers={}), "names no task"),
    "a name that is none": (lambda: like_the_relays(task="secret \ud800"), "names no task"),
    "a name that is a list": (lambda: like_the_relays(task=["secret"]), "names no task"),
    "pickle": (
        lambda: like_the_relays(
            body=base64.b64encode(pickle.dumps("secret")).decode(), **{"content-type": "application/x-python-serialize"}
        ),
        "its content type is application/x-python-serialize, not application/json",
    ),
    "yaml": (
        lambda: like_the_relays(**{"content-type": "application/x-yaml"}),
        "its content type is application/x-yaml, not application/json",
    ),
    "no content type": (
        lambda: like_the_relays(**{"content-type": None}),
        "its content type is unreadable, not application/json",
    ),
    "no base64": (lambda: like_the_relays(body="secret%"), UNDECODABLE),
    "no body": (lambda: like_the_relays(body=None), UNDECODABLE),
    "a body of garbage": (lambda: like_the_relays(body=base64.b64encode(b"secret\xff").decode()), UNDECODABLE),
    "a deep body": (
        lambda: like_the_relays(body=base64.b64encode(b"[" * 300_000).decode()),
        "its body is nested too deeply",
    ),
    "an id that is no UUID": (lambda: like_the_relays(id="no-uuid"), "its id is no UUID"),
    "no ids": (lambda: with_body([[[]], {}, {}]), NOT_IDS),
    "no arguments": (lambda: with_body([[], {}, {}]), NOT_IDS),
    "ids that are none": (lambda: with_body([[["secret"]], {}, {}]), NOT_IDS),
    "ids and others": (lambda: with_body([[[str(uuid4()), 7]], {}, {}]), NOT_IDS),
    "a text": (lambda: with_body([[str(uuid4())], {}, {}]), NOT_IDS),
    "more arguments": (lambda: with_body([[[str(uuid4())], "secret"], {}, {}]), NOT_IDS),
    "named arguments": (lambda: with_body([[[str(uuid4())]], {"kind": "secret"}, {}]), NOT_IDS),
    "too many ids": (lambda: with_body([[[str(uuid4())] * 2_000], {}, {}]), NOT_IDS),
    "large": (lambda: b" " * (LARGEST_BYTES + 1), f"larger than {LARGEST_BYTES} bytes"),
}
RUBBISH = {sort: make for sort, (make, _) in SORTS.items()}
REASONS = {why: 3 * count for why, count in Counter(why for _, why in SORTS.values()).items()}
