"""A worker that dies, or loses its database, at every boundary between two statements of claim and settle.

python -m tests.faults.dying_worker MECHANISM HOW JOBS: prints one JSON line for each boundary: what the ledger holds
after the system did about it what it does, and delivered the jobs twice again.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from arxos.app.bootstrap import start
from arxos.app.logging import configure_logging
from arxos.domain.access import Permission
from arxos.domain.events import BuildingUpdated, Event
from arxos.domain.jobs.job import NewJob
from arxos.domain.ports import UnitOfWork
from arxos.storage.ledger import PostgresLedger
from arxos.storage.unit_of_work import PostgresUnitOfWork
from arxos.tasks.kind import Attempt, Done, JobKind, Payload
from arxos.workers import patience
from arxos.workers.executor import Executor
from tests.builders import new_job
from tests.faults.dying_beat import DIED, in_a_child
from tests.faults.sabotage import MECHANISMS
from tests.running import wait_until

KIND = "dying.effect"
FIRST, *LATER = (UUID(int=number) for number in (1, 2, 3))  # deliveries: to the one who meets his fate, to others
DYING, LIVING = "dying", "living"  # workers
MET, TOLD_OTHERWISE = 8, 10  # exit codes of the first worker, besides DIED


class How(StrEnum):
    """What happens at a boundary; of the dead, who takes back what they held."""

    REPORTED = "died, reported by its parent"
    SWEPT = "died, swept"
    UNSENT = "connection lost before the server was asked"
    UNANSWERED = "connection lost before the server's answer came"


@dataclass(frozen=True, slots=True)
class Found:
    """What is there of one job. `follow_ups`: how many jobs its event made."""

    state: str
    attempt: int
    max_attempts: int
    lost: int
    effects: list[int]
    follow_ups: int
    history: list[tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one boundary. `successor`: its state, and how many it still waits for."""

    boundary: int
    fate: int
    jobs: list[Found]
    successor: tuple[str, int]


def main() -> None:
    """Go one boundary further each time, until all is done before it is met."""
    MECHANISMS[sys.argv[1]]()
    how, jobs = How[sys.argv[2]], int(sys.argv[3])
    patience.FIRST_WAIT_S = 0.01
    for boundary in count():
        line = try_one(how, boundary, jobs)
        print(json.dumps(asdict(line)), flush=True)  # noqa: T201 - what the test reads
        if line.fate == 0:
            return


def try_one(how: How, boundary: int, count_of_jobs: int) -> Line:
    """A worker that meets its fate; what the system does about it; the same jobs delivered twice again."""
    with at_the_database() as connection:
        ids, successor = submit(connection, count_of_jobs)
    fate = in_a_child(partial(meet, how, boundary, ids))
    if fate == DIED:
        with at_the_database() as connection:
            take_back(connection, how)
    for delivery in LATER:
        assert in_a_child(partial(deliver, LIVING, ids, delivery)) == 0
    with at_the_database() as connection:
        return Line(boundary, fate, [find(connection, job) for job in ids], waits(connection, successor))


@contextmanager
def at_the_database() -> Iterator[psycopg.Connection[TupleRow]]:
    """A transaction of the onlooker's, whose connection is carried across no fork."""
    with psycopg.connect(os.environ["ARXOS_DATABASE_URL"]) as connection:
        yield connection


def submit(connection: psycopg.Connection[TupleRow], jobs: int) -> tuple[list[UUID], UUID]:
    """These jobs and nothing else, and one that waits for all of them."""
    for table in ("attempts", "probe_effects", "jobs"):
        connection.execute(f"DELETE FROM {table}")
    ledger = PostgresLedger(connection)
    ids = ledger.insert([new_job(KIND, batch=9) for _ in range(jobs)])
    return ids, ledger.insert([new_job(after=tuple(ids))])[0]


def deliver(worker: str, ids: list[UUID], delivery: UUID) -> str:
    """What a worker does with a message."""
    runtime = start(application=f"arxos-{worker}")
    configure_logging(runtime.settings)
    ports = replace(runtime.ports, unit_of_work=lambda: PostgresUnitOfWork(runtime.database, follow))
    kinds = {KIND: JobKind(KIND, "maintenance", Payload, effect, Permission.SUBMIT, batch=9)}
    return Executor(kinds, ports, worker).deliver(KIND, ids, delivery)


def effect(payload: Payload, at: Attempt) -> Done:
    """One row, and one event with a follow-up job."""

    def write(uow: UnitOfWork) -> None:
        uow.probes.add(at.job_id, at.number, "dying")
        uow.emit(BuildingUpdated(at.job_id))

    return Done(effect=write)


def follow(event: Event) -> Iterable[NewJob]:
    """A job that names the one whose effect asked for it."""
    return [new_job(submitted_by=str(event.building_id))]


def meet(how: How, boundary: int, ids: list[UUID]) -> None:
    """Deliver; at the boundary of this number (from 0) it happens. Tells by its exit code what did."""
    left = [boundary]
    happens = die if how in (How.REPORTED, How.SWEPT) else partial(lose_connection, how)
    for name in ("execute", "commit"):
        setattr(psycopg.Connection, name, fateful(getattr(psycopg.Connection, name), left, happens))
    said = deliver(DYING, ids, FIRST)
    met = MET if left[0] < 0 else 0
    os._exit(met if said == f"{len(ids)} succeeded" else TOLD_OTHERWISE)


def fateful(act: Callable[..., Any], left: list[int], happens: Callable[..., Any]) -> Callable[..., Any]:
    """The statement, but for the one at which it happens."""

    def acted(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        return (happens if left[0] == -1 else lambda act: act())(partial(act, *arguments, **options))

    return acted


def die(_: Any) -> None:
    """At once, before the statement."""
    os._exit(DIED)


def lose_connection(how: How, act: "partial[Any]") -> None:
    """Before the statement reached the server, or when it was done."""
    if how is How.UNANSWERED:
        act()
    act.args[0].close()
    raise psycopg.OperationalError("the connection is lost")


def take_back(connection: psycopg.Connection[TupleRow], how: How) -> None:
    """What the dead worker held, once the server has noticed its death: until then its rows are locked."""
    sessions = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'arxos-{DYING}'"
    connection.autocommit = True
    wait_until(lambda: connection.execute(sessions.encode()).fetchall() == [(0,)], "its sessions ended", 20)
    with connection.transaction():
        ledger = PostgresLedger(connection)
        ledger.lose("signal 9", delivery=FIRST) if how is How.REPORTED else ledger.sweep(0)


def find(connection: psycopg.Connection[TupleRow], job_id: UUID) -> Found:
    """One job with all that belongs to it."""
    job = PostgresLedger(connection).get(job_id)
    effects = connection.execute("SELECT attempt FROM probe_effects WHERE job_id = %s", [job_id]).fetchall()
    follow_ups = connection.execute("SELECT id FROM jobs WHERE submitted_by = %s", [str(job_id)]).fetchall()
    history = [(one.attempt, one.outcome, str(one.worker)) for one in job.attempts]
    numbers = job.attempt, job.max_attempts, job.lost
    return Found(job.state, *numbers, [row[0] for row in effects], len(follow_ups), history)


def waits(connection: psycopg.Connection[TupleRow], successor: UUID) -> tuple[str, int]:
    """Below 0 it would wait for fewer than none: released more than once by somebody."""
    job = PostgresLedger(connection).get(successor)
    return job.state, job.waiting_for


if __name__ == "__main__":
    main()
