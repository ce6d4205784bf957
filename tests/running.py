"""The real system for a test module: relay and workers as processes, on a database and a broker of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from arxos.app.bootstrap import Runtime, start
from arxos.domain.jobs.job import FINAL, Job, JobState, NewJob
from arxos.domain.jobs.operator import Operator
from arxos.tasks.request import JobRequest, new_job

Process = subprocess.Popen[bytes]


def wait_until(true: Callable[[], object], what: str, within_s: float = 60.0) -> None:
    """Poll with a deadline that only a system that hangs meets."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.05)


def children_of(pid: int) -> set[int]:
    """The processes whose parent is this one."""
    with suppress(OSError):
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return set()


def is_alive(pid: int) -> bool:
    """Whether the process runs: a zombie does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


@dataclass
class Client:
    """Submits jobs to the system that `variables` name, and looks into its ledger."""

    variables: dict[str, str]

    def __post_init__(self) -> None:
        os.environ.update(self.variables)
        self.runtime: Runtime = start()
        for name in self.variables:
            del os.environ[name]

    def submit(self, kind: str, **fields: Any) -> UUID:
        """One job; fields of the request, the others are its payload."""
        return self.insert(self.job(kind, **fields))[0]

    def job(self, kind: str, **fields: Any) -> NewJob:
        known = {name: fields.pop(name) for name in list(fields) if name in JobRequest.model_fields}
        return new_job(self.runtime.kinds, JobRequest(kind=kind, payload=fields, **known))

    def insert(self, *jobs: NewJob) -> list[UUID]:
        with self.runtime.ports.unit_of_work() as uow:
            ids = uow.jobs.insert(jobs)
            uow.commit()
        return ids

    def do(self, act: Callable[[Any], Any]) -> Any:
        with self.runtime.ports.unit_of_work() as uow:
            result = act(uow.jobs)
            uow.commit()
        return result

    def get(self, job_id: UUID) -> Job:
        with self.runtime.ports.unit_of_work() as uow:
            return uow.jobs.get(job_id)

    def reaches(self, job_id: UUID, *states: JobState, within_s: float = 60.0) -> Job:
        """The job once it is in one of the states; no states: in a final one."""
        wanted = states or tuple(FINAL)
        wait_until(lambda: self.get(job_id).state in wanted, f"job {job_id} in {wanted}", within_s)
        return self.get(job_id)

    def all_reach(self, ids: Sequence[UUID], state: JobState, within_s: float = 60.0) -> None:
        """Wait until every one of the jobs is in the state."""
        left = "SELECT count(*) FROM jobs WHERE id = ANY(%s) AND state <> %s"
        wait_until(lambda: self.sql(left, list(ids), state) == [(0,)], f"{len(ids)} jobs {state}", within_s)

    def effects(self, ids: Sequence[UUID]) -> list[UUID]:
        """Whose effects are there, once for each."""
        rows = self.sql("SELECT job_id FROM probe_effects WHERE job_id = ANY(%s)", list(ids))
        return sorted(row[0] for row in rows)

    def sql(self, statement: str, *values: object) -> list[Any]:
        with self.runtime.database.connection() as connection:
            rows: list[Any] = connection.execute(statement.encode(), values).fetchall()
        return rows

    def execute(self, statement: str, *values: object) -> int:
        """Change something behind the system's back; how many rows."""
        with self.runtime.database.connection() as connection:
            changed = connection.execute(statement.encode(), values).rowcount
            connection.commit()
        return changed


@dataclass
class Stack(Client):
    """A relay and workers that a test may kill; `repair` starts what is missing."""

    folder: Path = field(kw_only=True)
    relay: Process | None = None
    workers: list[Process] = field(default_factory=list)

    def repair(self) -> None:
        """One relay and one cpu worker, running and ready; no queue paused."""
        for counts in self.do(lambda ledger: ledger.queues()):
            if counts.paused_by:
                self.resume(counts.queue)
        if self.relay is None or self.relay.poll() is not None:
            self.relay = self.start("relay")
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        if not self.workers:
            self.start_worker()

    def resume(self, queue: str) -> None:
        """Let a paused queue go on."""
        self.do(lambda ledger: ledger.resume(queue, Operator("repair")))

    def start(self, *arguments: str, **variables: str) -> Process:
        """An `arxos` command as a process; what it says is kept for whoever looks into a failure."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            command = [sys.executable, "-m", "arxos.cli.main", *arguments]
            environment = os.environ | self.variables | variables
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def start_worker(self) -> Process:
        worker = self.start("worker", "--pool", "cpu", "--concurrency", "2")
        self.workers.append(worker)
        ready = "SELECT count(*) FROM workers WHERE pid = %s"
        wait_until(lambda: self.sql(ready, worker.pid) == [(1,)] or worker.poll() is not None, "worker ready")
        assert worker.poll() is None, (self.folder / "worker.log").read_text()[-2000:]
        return worker

    def worker_of(self, job_id: UUID) -> Process:
        """The worker process that runs the job."""
        pid = int((self.get(job_id).worker or "").split(":")[1])
        return next(worker for worker in self.workers if worker.pid == pid)

    def stop(self) -> None:
        """End what runs, by its pid."""
        processes = [process for process in (self.relay, *self.workers) if process is not None]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self.runtime.database.close()


def running_stack(variables: dict[str, str], folder: Path) -> Iterator[Stack]:
    """A stack for as long as the iterator is held open."""
    stack = Stack(variables, folder=folder)
    try:
        stack.repair()
        yield stack
    finally:
        stack.stop()


def variables(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """The environment of a stack under test."""
    return {
        "ARXOS_DATABASE_URL": database_url,
        "ARXOS_BROKER_URL": redis_url,
        "ARXOS_BLOB_URL": (folder / "blobs").as_uri(),
        "ARXOS_PROBES": "1",
        "ARXOS_HEARTBEAT_S": "0.5",
        "ARXOS_LEASE_S": "4",
        "ARXOS_REPUBLISH_S": "2",
        "ARXOS_DRAIN_S": "4",
    }
