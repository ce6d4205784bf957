"""A ledger and its clock, in memory or on PostgreSQL: the same tests run on both."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from arxos.domain.errors import PermanentError
from arxos.domain.jobs.desk import Desk
from arxos.domain.jobs.job import ClaimedJob, Job, JobState, NewJob
from arxos.domain.jobs.ledger import Ledger
from arxos.domain.jobs.outcome import Settlement, failed, succeeded
from arxos.domain.ports import UnitOfWork
from arxos.storage.database import Database
from arxos.storage.unit_of_work import PostgresUnitOfWork
from tests.builders import delivery
from tests.fakes import FakeDatabase, nothing_follows

T = TypeVar("T")
WORKER = "cpu@host:1:aaaaaa"


class World(ABC):
    """One ledger. Each call is a transaction of its own."""

    @abstractmethod
    def unit_of_work(self) -> UnitOfWork: ...
    @abstractmethod
    def now(self) -> datetime:
        """The ledger's clock."""

    @abstractmethod
    def pass_time(self, seconds: float) -> None:
        """Let the ledger's clock leap ahead of everything stored."""

    @abstractmethod
    def acts(self) -> list[tuple[str, str, UUID | None]]:
        """What operators did: (who, what, job)."""

    @abstractmethod
    def batch_of(self, job_id: UUID) -> int:
        """How many jobs may share the job's next message."""

    def do(self, act: Callable[[Ledger], T]) -> T:
        with self.unit_of_work() as uow:
            result = act(uow.jobs)
            uow.commit()
        return result

    def at_desk(self, act: Callable[[Desk], T]) -> T:
        with self.unit_of_work() as uow:
            result = act(uow.desk)
            uow.commit()
        return result

    def insert(self, *jobs: NewJob) -> list[UUID]:
        return self.do(lambda ledger: ledger.insert(jobs))

    def get(self, job_id: UUID) -> Job:
        return self.do(lambda ledger: ledger.get(job_id))

    def state(self, job_id: UUID) -> JobState:
        return self.get(job_id).state

    def claim(self, *ids: UUID, worker: str = WORKER, message: UUID | None = None) -> list[ClaimedJob]:
        return self.do(lambda ledger: ledger.claim(ids, worker, message or delivery()))

    def settle(self, *settlements: Settlement) -> set[UUID]:
        return self.do(lambda ledger: ledger.settle(settlements))

    def succeed(self, *ids: UUID) -> None:
        self.settle(*(succeeded(job, None) for job in self.claim(*ids)))

    def bury(self, *ids: UUID) -> None:
        """Make jobs dead letters."""
        self.settle_dead(*self.claim(*ids))

    def settle_dead(self, *jobs: ClaimedJob) -> None:
        error = PermanentError("no such model")
        self.settle(*(failed(job, error, self.now(), Random(1)) for job in jobs))


class FakeWorld(World):
    """In memory."""

    def __init__(self) -> None:
        self.database = FakeDatabase()

    def unit_of_work(self) -> UnitOfWork:
        return self.database.unit_of_work()

    def now(self) -> datetime:
        return self.database.clock()

    def pass_time(self, seconds: float) -> None:
        self.database.clock.leap(seconds)

    def acts(self) -> list[tuple[str, str, UUID | None]]:
        return [(row.act.actor, row.act.action, row.job_id) for row in self.database.tables.acts]

    def batch_of(self, job_id: UUID) -> int:
        return self.database.tables.rows[job_id].batch


class PostgresWorld(World):
    """On PostgreSQL, whose clock obeys nobody: time passes by making everything stored older."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, size=2)

    def unit_of_work(self) -> UnitOfWork:
        return PostgresUnitOfWork(self.database, nothing_follows)

    def now(self) -> datetime:
        now: datetime = self.sql("SELECT clock_timestamp()")[0][0]
        return now

    def pass_time(self, seconds: float) -> None:
        for table, columns in MOMENTS.items():
            older = ", ".join(f"{column} = {column} - make_interval(secs => {seconds})" for column in columns)
            self.sql(f"UPDATE {table} SET {older}")
        for key in ("finished_at", "available_at", "deadline"):  # what acts remember of their jobs
            moment = f"(details #>> '{{before,{key}}}')::timestamptz - make_interval(secs => {seconds})"
            self.sql(
                f"UPDATE operator_actions SET details = jsonb_set(details, '{{before,{key}}}', to_jsonb({moment}))"
                f" WHERE details #>> '{{before,{key}}}' IS NOT NULL"
            )

    def acts(self) -> list[tuple[str, str, UUID | None]]:
        return self.sql("SELECT actor, action, job_id FROM operator_actions ORDER BY id")

    def batch_of(self, job_id: UUID) -> int:
        return int(self.sql("SELECT batch FROM jobs WHERE id = %s", job_id)[0][0])

    def sql(self, statement: str, *values: object) -> list[Any]:
        """The rows of a statement of the tests' own."""
        with self.database.connection() as connection:
            cursor = connection.execute(statement.encode(), values)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
        return rows

    def empty(self) -> None:
        """Forget everything; DELETE, because TRUNCATE of small tables takes longer."""
        for table in (*MOMENTS, *TIMELESS):
            self.sql(f"DELETE FROM {table}")

    def close(self) -> None:
        self.database.close()


TIMELESS = (
    "audits",
    "component_reports",
    "job_rollups",
    "building_rollups",
    "rollup_marks",
    "request_minutes",
    "job_edges",
    "queue_pauses",
    "kind_pauses",
    "limits",
    "shares",
    "operator_actions",
    "probe_effects",
)
MOMENTS = {
    "job_history": ("created_at", "started_at", "finished_at"),
    "jobs": ("created_at", "available_at", "deadline", "published_at", "started_at", "finished_at", "redriven_at"),
    "attempts": ("started_at", "finished_at"),
    "workers": ("started_at", "heartbeat_at"),
    "buildings": ("created_at", "updated_at"),
    "models": ("received_at", "indexed_at"),
    "validation_reports": ("reported_at",),
    "health_reports": ("checked_at", "changed_at"),
    "health_changes": ("at",),
    "sweep_reports": ("started_at", "finished_at"),
    "bulk_acts": ("started_at", "finished_at", "undo_until", "undone_at"),
}
