"""What each fault does to the running system. A fault returns when it is over, and says whom it hit."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import redis

from benchmarks.chaos.plan import Planned
from tests.faults.ground import FAST, IMMEDIATE, KILL, Ground
from tests.faults.proxy import Proxy
from tests.faults.strange import VERSION
from tests.faults.system import System
from tests.running import Process, children_of, is_alive, wait_until

AOF = ("--appendonly", "yes")
SLOW_S = 0.1  # each way
SWALLOW_EVERY_S = 0.2
ROLL_WITHIN_S = 60.0
BACK_WITHIN_S = 30.0


@dataclass
class Site:
    """The system, its servers, and the proxies that stand between them."""

    ground: Ground
    system: System
    redis_proxy: Proxy
    postgres_proxy: Proxy
    children: dict[int, str] = field(default_factory=dict)  # of killed workers: none may live on
    _one_at_a_time: Mapping[str, threading.Lock] = field(
        default_factory=lambda: {server: threading.Lock() for server in ("redis", "postgres", "workers")}
    )

    def inject(self, planned: Planned) -> str:
        """Do it; returns whom it hit when it is over."""
        return FAULTS[planned.kind](self, planned)

    @contextmanager
    def alone(self, server: str) -> Iterator[None]:
        """Faults of one server wait for each other; those of different servers may overlap."""
        with self._one_at_a_time[server]:
            yield

    def one_of(self, prefix: str, pick: float) -> tuple[str, Process]:
        """One of the processes alive whose role begins so."""
        alive = sorted(
            (name, process)
            for name, process in self.system.processes.items()
            if name.startswith(prefix) and process.poll() is None
        )
        if not alive:
            raise LookupError(f"no {prefix} is alive")
        return alive[int(pick * len(alive))]

    @contextmanager
    def redis(self) -> Iterator[Any]:
        """A client of the server itself, past the proxy."""
        with redis.Redis.from_url(self.ground.servers.redis_url, socket_timeout=5) as client:
            yield client

    def change_version(self, name: str) -> None:
        """The next process of this role runs the other version of the code."""
        role = self.system.roles[name]
        role.variables = {**role.variables, VERSION: "old" if role.variables.get(VERSION) == "new" else "new"}

    def ghosts(self) -> list[int]:
        """Children that outlived their killed parent."""
        return [pid for pid in self.children if is_alive(pid)]


def _kill(prefix: str) -> Callable[[Site, Planned], str]:
    def kill(site: Site, planned: Planned) -> str:
        name, process = site.one_of(prefix, planned.pick)
        site.children.update(dict.fromkeys(children_of(process.pid), name))
        process.kill()
        return f"{name} {process.pid}"

    return kill


def kill_child(site: Site, planned: Planned) -> str:
    """One child of a cpu worker; its parent lives on."""
    name, process = site.one_of("worker-cpu", planned.pick)
    children = sorted(children_of(process.pid))
    if not children:
        raise LookupError(f"{name} has no children")
    pid = children[int(planned.pick * 997) % len(children)]
    os.kill(pid, signal.SIGKILL)
    return f"{name} {process.pid}"


def _freeze(prefix: str) -> Callable[[Site, Planned], str]:
    def freeze(site: Site, planned: Planned) -> str:
        name, process = site.one_of(prefix, planned.pick)
        with _stopped([process.pid, *children_of(process.pid)]):
            time.sleep(planned.seconds)
        return f"{name} {process.pid}"

    return freeze


@contextmanager
def _stopped(pids: Sequence[int]) -> Iterator[None]:
    """Paused, and let go on however this ends."""
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def roll(site: Site, planned: Planned) -> str:
    """A deploy: each process of a sort is told to end, and started anew in the other version, one after the other."""
    prefix = ("worker-cpu", "worker-io", "relay", "beat")[int(planned.pick * 4)]
    rolled = []
    with site.alone("workers"):
        for name in sorted(name for name in site.system.roles if name.startswith(prefix)):
            site.change_version(name)
            process = site.system.processes[name]
            process.terminate()
            wait_until(lambda: site.system.processes[name] is not process, f"{name} started anew", ROLL_WITHIN_S)  # noqa: B023
            rolled.append(f"{name} {process.pid}")
    return ", ".join(rolled)


def restart_redis(site: Site, planned: Planned) -> str:
    """It crashes, and is back with what its append-only file holds."""
    with site.alone("redis"):
        site.ground.redis.stop(KILL)
        time.sleep(planned.seconds)
        site.ground.redis.start(*AOF)
    return ""


def empty_redis(site: Site, planned: Planned) -> str:
    """It crashes, and is back with nothing."""
    with site.alone("redis"):
        site.ground.redis.stop(KILL)
        time.sleep(planned.seconds)
        shutil.rmtree(site.ground.home / "redis" / "appendonlydir", ignore_errors=True)
        site.ground.redis.start(*AOF)
    return ""


def flush_redis(site: Site, _: Planned) -> str:
    """Everything in it is gone, while it runs."""
    with site.alone("redis"), site.redis() as client:
        client.flushall()
    return ""


def fill_redis(site: Site, planned: Planned) -> str:
    """It is beyond its limit, and refuses to take anything."""
    with site.alone("redis"), site.redis() as client:
        before = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", "1mb")
        time.sleep(planned.seconds)
        client.config_set("maxmemory", before)
    return ""


def kill_redis_clients(site: Site, _: Planned) -> str:
    """It ends every connection of a client."""
    with site.alone("redis"), site.redis() as client:
        ended = client.execute_command("CLIENT", "KILL", "TYPE", "normal")
    return f"{ended} connections"


def _cut(server: str) -> Callable[[Site, Planned], str]:
    def cut(site: Site, planned: Planned) -> str:
        proxy = _proxy(site, server)
        with site.alone(server):
            ended = proxy.cut(refuse=planned.seconds > 1)
            time.sleep(planned.seconds)
            proxy.refusing = False
        return f"{ended} connections"

    return cut


def _slow(server: str) -> Callable[[Site, Planned], str]:
    def slow(site: Site, planned: Planned) -> str:
        proxy = _proxy(site, server)
        with site.alone(server):
            proxy.delay(SLOW_S)
            time.sleep(planned.seconds)
            proxy.delay(0)
        return ""

    return slow


def _silence(server: str) -> Callable[[Site, Planned], str]:
    """The connections there are stay open and say nothing, for ever unless for some seconds; new ones work."""

    def silence(site: Site, planned: Planned) -> str:
        with site.alone(server):
            proxy = _proxy(site, server)
            silenced = proxy.blackhole()
            if planned.seconds:
                time.sleep(planned.seconds)
                proxy.give_up()
        return f"{silenced} connections"

    return silence


def stop_postgres(how: signal.Signals) -> Callable[[Site, Planned], str]:
    """It ends, by order or in a crash, and is back after a while."""

    def restart(site: Site, planned: Planned) -> str:
        with site.alone("postgres"):
            site.ground.postgres.stop(how)
            time.sleep(planned.seconds)
            site.ground.postgres.start()
        return ""

    return restart


def swallow_commits(site: Site, planned: Planned) -> str:
    """Again and again somebody's COMMIT is done and its answer lost."""
    proxy, swallowed = site.postgres_proxy, 0
    with site.alone("postgres"):
        until = time.monotonic() + planned.seconds
        while time.monotonic() < until:
            proxy.swallow_answer(b"COMMIT")
            while not proxy.swallowed and time.monotonic() < until:
                time.sleep(0.01)
            swallowed += proxy.swallowed
            time.sleep(SWALLOW_EVERY_S)
        proxy.swallow = None
    return f"{swallowed} answers"


def _proxy(site: Site, server: str) -> Proxy:
    return site.redis_proxy if server == "redis" else site.postgres_proxy


FAULTS: Mapping[str, Callable[[Site, Planned], str]] = {
    "worker killed": _kill("worker"),
    "child killed": kill_child,
    "relay killed": _kill("relay"),
    "beat killed": _kill("beat"),
    "worker frozen": _freeze("worker"),
    "relay frozen": _freeze("relay"),
    "beat frozen": _freeze("beat"),
    "workers rolled": roll,
    "redis restarted": restart_redis,
    "redis emptied": empty_redis,
    "redis flushed": flush_redis,
    "redis full": fill_redis,
    "redis clients killed": kill_redis_clients,
    "redis cut off": _cut("redis"),
    "redis slow": _slow("redis"),
    "redis silent": _silence("redis"),
    "postgres restarted": stop_postgres(FAST),
    "postgres crashed": stop_postgres(IMMEDIATE),
    "postgres cut off": _cut("postgres"),
    "postgres slow": _slow("postgres"),
    "postgres silent": _silence("postgres"),
    "commits unanswered": swallow_commits,
}
