"""Redis with TLS and users of few rights: they suffice for all that is done, and what is taken away is waited for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import redis as redis_client
from celery import Celery

from arxos.app.settings import Settings
from arxos.domain.errors import UnavailableError
from arxos.domain.jobs.job import JobState
from arxos.storage.cache import RedisCache
from arxos.storage.ingress_queue import IngressQueue
from arxos.workers.celery_app import build_app
from arxos.workers.publisher import Publisher
from deploy.local.ports import free_port
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import Server
from tests.faults.redis_servers import SecureRedis, secure_redis
from tests.faults.system import ROLES, System
from tests.running import wait_until

BACK_S = 30.0
USERS = ("producer", "ingress", "relay", "worker", "api", "monitor")
FORBIDDEN = (
    ("FLUSHALL",), ("FLUSHDB",), ("CONFIG", "GET", "*"), ("DEBUG", "SLEEP", "0"), ("KEYS", "*"), ("SHUTDOWN", "NOSAVE"),
    ("ACL", "LIST"), ("MONITOR",), ("CLIENT", "LIST"), ("CLIENT", "KILL", "TYPE", "normal"), ("REPLICAOF", "NO", "ONE"),
    ("SAVE",), ("BGSAVE",), ("MODULE", "LIST"), ("SLOWLOG", "GET"), ("GET", "other"), ("SWAPDB", "0", "1"),
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secure")


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[tuple[Server, SecureRedis]]:
    with secure_redis(home) as both:
        yield both


@pytest.fixture
def secure(running: tuple[Server, SecureRedis]) -> SecureRedis:
    return running[1]


@pytest.fixture
def admin(secure: SecureRedis) -> Iterator[Any]:
    with secure.admin() as client:
        client.flushall()
        client.execute_command("ACL", "LOG", "RESET")
        yield client
        refused = [(entry["username"], entry["object"], entry["reason"]) for entry in client.acl_log()]
        print("refused:", refused)  # noqa: T201 - seen where a test fails


@pytest.fixture
def guarded(make_system: MakeSystem, secure: SecureRedis, admin: Any) -> System:
    """Relay and workers at work, each as its own user."""
    urls = {"ARXOS_BROKER_URL": secure.url("worker"), "ARXOS_CACHE_URL": secure.url("worker", 1)}
    system = make_system(roles=(), **urls)
    system.start("relay", ARXOS_BROKER_URL=secure.url("relay"))
    system.start("worker-cpu")
    system.start("worker-io")
    system.ready(30)
    return system


def app_for(url: str) -> Celery:
    settings = Settings(database_url="postgresql://none", broker_url=url, blob_url="file:///none")
    return build_app(settings, "arxos-tests")


def asked(url: str) -> set[str]:
    """The pools whose workers answer a ping."""
    answers = app_for(url).control.inspect(timeout=2).ping() or {}
    return {name.partition("@")[0] for name in answers}


def test_each_user_may_do_all_that_it_does(guarded: System, secure: SecureRedis, admin: Any, record: Record) -> None:
    with record(guarded, 23, "TLS and a user per role", recovers_in=BACK_S) as scenario:
        scenario.load(50)
        scenario.fault_over()
        wait_until(lambda: asked(secure.url("monitor")) == {"cpu", "io"}, "workers answer the monitor")
        flower_shows_workers_and_queues(guarded, secure)
        send_as_a_producer(secure)
        use_the_cache(secure, "worker")
        use_the_cache(secure, "api")
        parts_are_looked_at(guarded, secure)
    names = {client["name"] for client in admin.client_list()}
    assert names >= {"arxos-relay", "arxos-worker-cpu", "arxos-worker-io", "arxos-flower"}
    assert admin.llen("ingress") == 1
    for name in guarded.processes:
        guarded.retire(name).terminate()
    wait_until(lambda: all(process.poll() is not None for process in guarded.processes.values()), "all have left")
    refused = admin.execute_command("ACL", "LOG")
    assert not refused, "\n".join(map(str, refused))


def flower_shows_workers_and_queues(system: System, secure: SecureRedis) -> None:
    port = free_port()
    system.start("flower", ("flower", "--port", str(port)), ARXOS_BROKER_URL=secure.url("monitor"))
    worker = system.sql("SELECT id FROM workers WHERE pid = %s", system.processes["worker-cpu"].pid)[0][0]
    pages = (("workers", worker.replace(":", "-")), ("broker", "maintenance"))
    for page, word in pages:
        wait_until(lambda: word in fetched(f"http://127.0.0.1:{port}/{page}"), f"{word} in Flower", 30)  # noqa: B023


def fetched(url: str) -> str:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - ours
            return str(answer.read(), "utf-8")
    except OSError:
        return ""


def send_as_a_producer(secure: SecureRedis) -> None:
    """As a service does that knows only Celery and the broker's address."""
    ours = app_for(secure.url("producer")).conf
    theirs = Celery(broker=ours.broker_url, set_as_current=False)
    theirs.conf.update(broker_use_ssl=ours.broker_use_ssl)
    theirs.send_task("building.validate", kwargs={"model_id": "x"}, queue="ingress", retry=False)
    theirs.close()


def parts_are_looked_at(system: System, secure: SecureRedis) -> None:
    """By the workers, which read the queues for the audit as well, and by the interface."""
    for kind in ("audit.ledger", "health.parts"):
        system.reaches(system.submit(kind), JobState.SUCCEEDED)
    port = free_port()
    urls = {"ARXOS_BROKER_URL": secure.url("api"), "ARXOS_CACHE_URL": secure.url("api", 1)}
    system.start("api", ("api", "--port", str(port), "--workers", "1"), ARXOS_JWT_SECRET="s" * 32, **urls)
    wait_until(lambda: '"redis"' in fetched(f"http://127.0.0.1:{port}/health"), "the interface answers", 30)
    parts = json.loads(fetched(f"http://127.0.0.1:{port}/health"))["components"]
    assert {parts[name]["status"] for name in ("redis", "cache")} == {"healthy"}, parts


def use_the_cache(secure: SecureRedis, user: str) -> None:
    cache = RedisCache(secure.url(user, 1))
    cache.put_many({"plan:1": b"x"})
    assert cache.get("plan:1") == b"x"
    cache.delete_prefix("plan:")
    assert cache.get("plan:1") is None


@pytest.mark.parametrize("user", USERS)
def test_no_user_may_harm_the_server_or_see_others(secure: SecureRedis, admin: Any, user: str) -> None:
    with redis_client.Redis.from_url(secure.url(user)) as client:
        assert client.ping()
        for command in FORBIDDEN:
            with pytest.raises(redis_client.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_a_producer_reads_nothing_and_writes_to_the_ingress_only(secure: SecureRedis, admin: Any) -> None:
    admin.lpush("ingress", "somebody else's")
    with redis_client.Redis.from_url(secure.url("producer")) as client:
        assert client.lpush("ingress", "mine") == 2
        for command in (
            ("LRANGE", "ingress", "0", "-1"), ("RPOP", "ingress"), ("BRPOP", "ingress", "1"),
            ("LPUSH", "maintenance", "x"), ("SADD", "_kombu.binding.maintenance", "x"),
            ("SUBSCRIBE", "/0.celery.pidbox"), ("DEL", "ingress"),
            ("PUBLISH", "/0.celery.pidbox", "x"), ("HGETALL", "unacked"), ("GET", "arxos:cache:x"), ("INFO",),
        ):  # fmt: skip
            with pytest.raises(redis_client.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_the_ingress_takes_from_its_queue_and_no_other(secure: SecureRedis, admin: Any) -> None:
    admin.lpush("ingress", "a message", "x" * 100)
    queue = IngressQueue(secure.url("ingress"), "ingress")
    found = queue.oldest(10, 50)
    queue.drop(found, 10)
    assert ([one.size_bytes for one in found], admin.llen("ingress")) == ([9, 100], 0)
    with redis_client.Redis.from_url(secure.url("ingress")) as client:
        for command in (("LREM", "maintenance", "1", "x"), ("LPUSH", "maintenance", "x"), ("LPUSH", "ingress", "x")):
            with pytest.raises(redis_client.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_a_monitor_takes_and_adds_no_job(secure: SecureRedis, admin: Any) -> None:
    admin.lpush("maintenance", "a job")
    with redis_client.Redis.from_url(secure.url("monitor")) as client:
        assert client.llen("maintenance") == 1
        for command in (("LPUSH", "maintenance", "x"), ("RPOP", "maintenance"), ("DEL", "maintenance")):
            with pytest.raises(redis_client.exceptions.NoPermissionError):
                client.execute_command(*command)


@pytest.mark.parametrize("how", ["no TLS", "unknown authority", "nobody"])
def test_who_does_not_speak_tls_or_says_no_name_is_kept_out(secure: SecureRedis, admin: Any, how: str) -> None:
    url = {
        "no TLS": f"redis://worker:worker-secret@127.0.0.1:{secure.port}/0",
        "unknown authority": secure.url("worker").partition("?")[0],
        "nobody": f"rediss://127.0.0.1:{secure.port}/0?ssl_ca_certs={secure.certificates.ca}",
    }[how]
    publisher = Publisher(app_for(url))
    with pytest.raises(UnavailableError):
        publisher.depths(["ingress"])
    publisher.close()


def told(system: System, words: str, roles: tuple[str, ...] = tuple(ROLES), within_s: float = 30.0) -> None:
    wait_until(lambda: all(words in system.log(role) for role in roles), f"all say: {words}", within_s)


def test_a_password_changed_under_them_is_waited_for(
    guarded: System, secure: SecureRedis, admin: Any, record: Record
) -> None:
    with record(guarded, 23, "password changed live, then set back", recovers_in=BACK_S) as scenario:
        scenario.load(50)
        for user in ("relay", "worker"):
            admin.execute_command("ACL", "SETUSER", user, "resetpass", ">another")
        for user in ("relay", "worker"):
            admin.execute_command("CLIENT", "KILL", "USER", user)
        scenario.load(50)
        told(guarded, "WRONGPASS", ("relay",))
        told(guarded, "invalid username-password", ("worker-cpu", "worker-io"))
        for user in ("relay", "worker"):
            admin.execute_command("ACL", "SETUSER", user, "resetpass", f">{user}-secret")
        scenario.fault_over()
    assert guarded.exits == []


def test_with_the_new_password_processes_that_are_restarted_go_on(
    guarded: System, secure: SecureRedis, admin: Any, record: Record
) -> None:
    try:
        with record(guarded, 23, "password changed live, processes restarted", recovers_in=BACK_S) as scenario:
            scenario.load(50)
            admin.execute_command("ACL", "SETUSER", "relay", "resetpass", ">another")
            admin.execute_command("CLIENT", "KILL", "USER", "relay")
            told(guarded, "WRONGPASS", ("relay",))
            guarded.retire("relay").terminate()
            wait_until(lambda: guarded.processes["relay"].poll() is not None, "the relay stops")
            guarded.start("relay", ARXOS_BROKER_URL=secure.url("relay", password="another"))
            scenario.fault_over()
            scenario.load(50)
    finally:
        admin.execute_command("ACL", "SETUSER", "relay", "resetpass", ">relay-secret")


def test_a_right_taken_away_is_waited_for(guarded: System, secure: SecureRedis, admin: Any, record: Record) -> None:
    with record(guarded, 23, "rights taken away live, then given back", recovers_in=BACK_S) as scenario:
        scenario.load(50)
        admin.execute_command("ACL", "SETUSER", "relay", "-lpush")
        scenario.load(50)
        told(guarded, "NOPERM", ("relay",))  # before the workers stop: into a full queue it would push nothing
        admin.execute_command("ACL", "SETUSER", "worker", "-brpop")
        told(guarded, "NoPermissionError", ("worker-cpu", "worker-io"))
        admin.execute_command("ACL", "SETUSER", "relay", "+lpush")
        admin.execute_command("ACL", "SETUSER", "worker", "+brpop")
        scenario.fault_over()
    assert guarded.exits == []
    assert "CPendingDeprecationWarning" not in guarded.log("worker-cpu")


def test_a_certificate_that_expires_is_waited_for_until_it_is_replaced(
    guarded: System, secure: SecureRedis, admin: Any, record: Record
) -> None:
    with record(guarded, 23, "certificate expired, then replaced", recovers_in=BACK_S) as scenario:
        scenario.load(50)
        present(secure, admin, days=-1)
        scenario.load(50)
        told(guarded, "certificate has expired")
        present(secure, admin, days=1)
        scenario.fault_over()
    assert guarded.exits == []


def present(secure: SecureRedis, admin: Any, days: int) -> None:
    """The server shows another certificate from now on, and everybody comes again."""
    secure.certificates.issue(days=days)
    folder = secure.certificates.folder
    files = {"tls-cert-file": folder / "server.crt", "tls-key-file": folder / "server.key"}
    admin.execute_command("CONFIG", "SET", *(str(word) for pair in files.items() for word in pair))
    for user in ("relay", "worker"):
        admin.execute_command("CLIENT", "KILL", "USER", user)


@pytest.mark.parametrize("command", [("relay",), ("worker", "--pool", "cpu")])
def test_who_starts_with_a_wrong_password_is_told_in_one_line(
    make_system: MakeSystem, secure: SecureRedis, admin: Any, command: tuple[str, ...]
) -> None:
    system = make_system(roles=(), ARXOS_BROKER_URL=secure.url("worker", password="hunter2"))
    refused = system.arxos(*command)
    assert refused.returncode == 1
    assert refused.stderr.startswith("arxos: ARXOS_BROKER_URL: the broker refuses the name or password")
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr
