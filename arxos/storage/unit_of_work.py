"""One transaction over everything that is stored."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from arxos.domain.events import Event
from arxos.domain.jobs.job import NewJob
from arxos.storage.audits import PostgresAudits
from arxos.storage.buildings import PostgresBuildings
from arxos.storage.database import Connection, Database
from arxos.storage.desk import PostgresDesk
from arxos.storage.health import PostgresHealth
from arxos.storage.ledger import PostgresLedger
from arxos.storage.ledger_inspection import PostgresInspection
from arxos.storage.nonces import PostgresNonces
from arxos.storage.probes import PostgresProbeEffects
from arxos.storage.rollups import PostgresRollups
from arxos.storage.webhooks import PostgresWebhooks


class PostgresUnitOfWork:
    """A transaction on PostgreSQL; leaving it without `commit` rolls back."""

    jobs: PostgresLedger
    desk: PostgresDesk
    buildings: PostgresBuildings
    audits: PostgresAudits
    rollups: PostgresRollups
    health: PostgresHealth
    inspection: PostgresInspection
    probes: PostgresProbeEffects
    webhooks: PostgresWebhooks
    nonces: PostgresNonces

    def __init__(self, database: Database, react: Callable[[Event], Iterable[NewJob]]) -> None:
        self._database = database
        self._react = react
        self._events: list[Event] = []

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._connection: Connection = self._stack.enter_context(self._database.connection())
        self.jobs = PostgresLedger(self._connection)
        self.desk = PostgresDesk(self._connection)
        self.buildings = PostgresBuildings(self._connection)
        self.health = PostgresHealth(self._connection)
        self.rollups = PostgresRollups(self._connection)
        self.audits = PostgresAudits(self._connection)
        self.inspection = PostgresInspection(self._connection)
        self.nonces = PostgresNonces(self._connection)
        self.webhooks = PostgresWebhooks(self._connection)
        self.probes = PostgresProbeEffects(self._connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.clear()
        self._stack.__exit__(kind, error, trace)

    def emit(self, event: Event) -> None:
        """Record what happened; its follow-up jobs are inserted by commit."""
        self._events.append(event)

    def commit(self, *, durable: bool = True) -> None:
        """Write everything: effects, then the jobs that the events ask for."""
        if not durable:
            self._connection.execute("SET LOCAL synchronous_commit = off")
        self.probes.flush()
        follow_ups = [job for event in self._events for job in self._react(event)]
        if follow_ups:
            self.jobs.insert(follow_ups)
        self._events.clear()
        self._connection.commit()

    def rollback(self) -> None:
        """Forget everything since the beginning."""
        self._events.clear()
        self.probes.forget()
        self._connection.rollback()
