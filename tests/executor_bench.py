"""One worker on the fake ledger, and bodies for it to run."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from arxos.domain.jobs.job import Job, JobState, NewJob
from arxos.tasks.kind import Attempt, Done, JobKind
from arxos.workers.executor import Executor
from tests.builders import Anything, kind_of, new_job
from tests.fakes import FakeDatabase, fake_ports

Body = Callable[[Anything, Attempt], Done]


class Bench:
    """One worker at one ledger in memory, with the kinds `probe.a` and `probe.b`."""

    def __init__(self, a: Body, b: Body | None = None) -> None:
        self.database = FakeDatabase()
        kinds: Mapping[str, JobKind[Any]] = {
            name: kind_of(name, body) for name, body in (("probe.a", a), ("probe.b", b)) if body
        }
        self.executor = Executor(kinds, fake_ports(self.database), "worker")

    def run(self, *jobs: NewJob) -> str:
        self.insert(*jobs)
        return self.deliver(*(job.id for job in jobs))

    def insert(self, *jobs: NewJob) -> None:
        with self.database.unit_of_work() as uow:
            uow.jobs.insert(jobs)
            uow.commit()

    def deliver(self, *ids: UUID) -> str:
        return self.executor.deliver("probe.a", ids, uuid4())

    def states(self, *jobs: NewJob) -> list[JobState]:
        return [self.database.job(job.id).state for job in jobs]

    def job(self, job: NewJob) -> Job:
        return self.database.job(job.id)


def job(n: int = 0, kind: str = "probe.a", **fields: Any) -> NewJob:
    return new_job(kind, payload={"n": n}, **fields)


def nothing(payload: Anything, at: Attempt) -> Done:
    return Done()


def effect(payload: Anything, at: Attempt) -> Done:
    return Done(effect=lambda uow: uow.probes.add(at.job_id, at.number, str(payload.n)))


def raising(error: BaseException) -> Body:
    def run(payload: Anything, at: Attempt) -> Done:
        raise error

    return run
