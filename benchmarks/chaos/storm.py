"""One storm from beginning to end: the system and its producers start, faults come, calm returns, all is counted."""

import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from arxos.domain.jobs.job import FINAL
from benchmarks.chaos import beats, oracle
from benchmarks.chaos.faults import AOF, Site
from benchmarks.chaos.load import Load
from benchmarks.chaos.plan import Planned, schedule
from benchmarks.chaos.recovery import Injected
from benchmarks.chaos.report import Ridden, compose
from tests.faults.ground import Ground, ground_at
from tests.faults.proxy import proxy_to
from tests.faults.strange import STRANGE, VERSION
from tests.faults.system import System
from tests.running import Client, children_of, wait_until

CPU, IO = ("worker", "--pool", "cpu", "--concurrency", "4"), ("worker", "--pool", "io", "--concurrency", "4")
ROLES = {
    "relay-a": ("relay",),
    "relay-b": ("relay",),
    "worker-cpu-a": CPU,
    "worker-cpu-b": CPU,
    "worker-io-a": IO,
    "worker-io-b": IO,
    "beat-a": ("beat",),
    "beat-b": ("beat",),
}
AFTERWARDS_S = 15.0  # producers go on after the last fault
DRAINED_WITHIN_S = 90.0


@dataclass
class Storm:
    """What is planned, and what came of it."""

    home: Path
    seed: int
    seconds: float
    injected: list[Injected] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def ride(self) -> dict[str, Any]:
        """Everything; the report. SIGTERM ends it early, with everything that it started."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # that connections break is the point
        with ExitStack() as running:
            ground = running.enter_context(ground_at(self.home / "ground"))
            site, load = self._prepare(ground, running)
            self._began = time.time()
            load.start()
            running.callback(load.stop)
            self._blow(site, load)
            time.sleep(AFTERWARDS_S)
            load.stop()
            self._paused_at = beats.pause_entries(site.system)
            load.book.accepted.update(beats.submitted(site.system))
            drained = self._drain(site, load)
            return self._count(site, load, drained)

    def keep(self, report: dict[str, Any]) -> None:
        """Write the report. Logs stay until the same seed comes again; what the servers held goes."""
        (self.home / "report.json").write_text(json.dumps(report, indent=1))
        for folder in ("postgres", "redis"):
            shutil.rmtree(self.home / "ground" / folder, ignore_errors=True)

    def _prepare(self, ground: Ground, running: ExitStack) -> tuple[Site, Load]:
        ground.redis.stop()
        ground.redis.start(*AOF)
        database = ground.fresh_database()
        redis_proxy = running.enter_context(proxy_to(ground.servers.redis_url))
        postgres_proxy = running.enter_context(proxy_to(ground.servers.postgres_url))
        straight = {
            "ARXOS_DATABASE_URL": database,
            "ARXOS_BROKER_URL": ground.servers.redis_database(0),
            "ARXOS_CACHE_URL": ground.servers.redis_database(1),
            "ARXOS_BLOB_URL": (self.home / "blobs").as_uri(),
            "ARXOS_PROBES": "1",
        }
        proxied = {
            "ARXOS_DATABASE_URL": postgres_proxy.url(database),
            "ARXOS_BROKER_URL": redis_proxy.url(straight["ARXOS_BROKER_URL"]),
        }
        system = System(straight, folder=self.home)
        site = Site(ground, system, redis_proxy, postgres_proxy)
        running.callback(self._end, site)
        for name, command in ROLES.items():
            version = {STRANGE: "1", VERSION: "old" if name.endswith("a") else "new"}
            system.start(name, command, **proxied, **version)
        system.ready()
        beats.schedule_entries(system)
        client = Client(straight | proxied)
        running.callback(client.runtime.database.close)
        return site, Load(client, self.seed)

    def _blow(self, site: Site, load: Load) -> None:
        """Each fault in a thread of its own: some overlap."""
        threads = []
        for planned in schedule(self.seed, self.seconds):
            time.sleep(max(0.0, self._began + planned.at - time.time()))
            thread = threading.Thread(target=self._inject, args=(site, load, planned), name=planned.kind)
            thread.start()
            threads.append(thread)
        time.sleep(max(0.0, self._began + self.seconds - time.time()))
        for thread in threads:
            thread.join()

    def _inject(self, site: Site, load: Load, planned: Planned) -> None:
        began = time.time()
        try:
            target = site.inject(planned)
        except Exception as error:  # noqa: BLE001 - a storm goes on; that a fault did not work must show
            target = f"failed: {type(error).__name__}: {error}"
            self.findings.append(f"fault {planned.kind} at {planned.at} s: {target}")
        ended = time.time()
        self.injected.append(Injected(planned.kind, target, began, ended))
        print(
            f"{began - self._began:7.1f} s  {planned.kind:22} {ended - began:5.1f} s  {target[:48]:48}"
            f" {len(load.book.accepted):6} accepted, {_open(site.system)} open",
            file=sys.stderr,
            flush=True,
        )

    def _drain(self, site: Site, load: Load) -> float:
        """Wait until the ledger has nothing left to do; seconds."""
        began = time.monotonic()
        book, asked = load.book, site.system.patient(DRAINED_WITHIN_S)
        doubtful = list(book.in_doubt)
        known = {row[0] for row in asked.sql("SELECT id FROM jobs WHERE id = ANY(%s)", doubtful)}
        book.resolve(known)
        left = "SELECT count(*) FROM jobs WHERE state <> ALL(%s)"
        with suppress(AssertionError):  # the oracle says what is left
            wait_until(lambda: asked.sql(left, sorted(FINAL)) == [(0,)], "all are final", DRAINED_WITHIN_S)
        return time.monotonic() - began

    def _count(self, site: Site, load: Load, drained: float) -> dict[str, Any]:
        book = load.book
        ledger = oracle.read_ledger(site.system)
        verdict = oracle.judge(site.system, book.accepted, ledger)
        self.injected.sort(key=lambda fault: fault.begin)
        costs, unexplained = oracle.blame(site.system, self.injected)
        ghosts = [f"child {pid} outlived its killed parent" for pid in site.ghosts()]
        slots = beats.judge_slots(site.system, self._paused_at)
        verdict.findings += [*self.findings, *unexplained, *ghosts, *slots, *book.errors]
        warm_up = {row[0] for row in site.system.sql("SELECT id FROM jobs WHERE kind = 'probe.noop'")}
        verdict.findings += oracle.strangers(ledger, set(book.accepted) | set(book.in_doubt) | warm_up)
        return compose(
            Ridden(
                self.seed,
                self.seconds,
                self._began,
                drained,
                verdict,
                book,
                ledger,
                self.injected,
                costs,
                list(site.system.exits),
            )
        )

    def _end(self, site: Site) -> None:
        """The processes, and what children they may have left."""
        children = [pid for process in site.system.processes.values() for pid in children_of(process.pid)]
        site.system.stop()
        _kill_left([*children, *site.children])


def _open(system: System) -> str:
    """How many jobs are not final; nobody waits for the answer of a server that is away."""
    try:
        with psycopg.connect(system.variables["ARXOS_DATABASE_URL"], connect_timeout=2) as connection:
            row = connection.execute("SELECT count(*) FROM jobs WHERE state <> ALL(%s)", [sorted(FINAL)]).fetchone()
    except psycopg.OperationalError:
        return "?"
    return str(row[0]) if row else "?"


def _kill_left(pids: Iterable[int]) -> None:
    """Children whose parent was killed a moment ago, should they not have ended with it."""
    for pid in pids:
        with suppress(OSError):
            if b"arxos" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
