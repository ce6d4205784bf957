"""The ports in memory: a unit of work over the fake ledger and the fake buildings, blobs, a cache."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from arxos.domain.audits.findings import Audits
from arxos.domain.buildings.repository import BuildingRepository
from arxos.domain.errors import InvalidError, NotFoundError, TransientError, UnavailableError
from arxos.domain.events import Event
from arxos.domain.health.port import Health
from arxos.domain.jobs.desk import Desk
from arxos.domain.jobs.inspection import LedgerInspection
from arxos.domain.jobs.job import Job, NewJob
from arxos.domain.jobs.ledger import Ledger
from arxos.domain.jobs.probes import ProbeEffects
from arxos.domain.jobs.signatures import Nonces
from arxos.domain.jobs.webhooks import Answer, Webhooks
from arxos.domain.ports import HeldBlob, Ports, StoredBlob, UnitOfWork
from arxos.domain.rollups.rows import Rollups
from arxos.formats.registry import installed_readers
from tests.fakes_acts import FakeDesk
from tests.fakes_audits import FakeAudits, FakeInspection
from tests.fakes_buildings import InMemoryBuildings
from tests.fakes_health import FakeHealth, FakeSurroundings
from tests.fakes_ledger import FakeLedger
from tests.fakes_rollups import FakeRollups
from tests.fakes_tables import FakeClock, Tables
from tests.fakes_webhooks import FakeNonces, FakeWebhooks

React = Callable[[Event], Iterable[NewJob]]


def nothing_follows(_: Event) -> Iterable[NewJob]:
    return ()


class LostAnswerError(UnavailableError):
    """An outage between a commit and its answer: everything is written, and nobody is told."""


@dataclass(slots=True)
class FakeDatabase:
    """What is committed, the clock, and outages to come: each commit takes the next one, None lets it pass."""

    tables: Tables = field(default_factory=Tables)
    clock: FakeClock = field(default_factory=FakeClock)
    buildings: InMemoryBuildings = field(default_factory=InMemoryBuildings)
    react: React = nothing_follows
    outages: list[TransientError | None] = field(default_factory=list)
    commits: int = 0

    def unit_of_work(self) -> UnitOfWork:
        return FakeUnitOfWork(self)

    def job(self, job_id: UUID) -> Job:
        return self.tables.rows[job_id].job


class FakeProbeEffects:
    """See `ProbeEffects`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, job_id: UUID, attempt: int, key: str) -> None:
        self._tables.effects.append((job_id, attempt, key))


class FakeUnitOfWork:
    """A transaction on copies: leaving it without `commit` forgets them."""

    jobs: Ledger
    desk: Desk
    buildings: BuildingRepository
    audits: Audits
    health: Health
    rollups: Rollups
    inspection: LedgerInspection
    probes: ProbeEffects
    webhooks: Webhooks
    nonces: Nonces

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self._events: list[Event] = []

    def __enter__(self) -> Self:
        self.buildings = self._database.buildings
        self.rollback()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rollback()

    def emit(self, event: Event) -> None:
        self._events.append(event)

    def commit(self, *, durable: bool = True) -> None:  # noqa: ARG002 - memory has no disk to wait for
        outage = self._database.outages.pop(0) if self._database.outages else None
        if outage is not None and not isinstance(outage, LostAnswerError):
            raise outage
        self.jobs.insert([job for event in self._events for job in self._database.react(event)])
        self._database.tables = self._tables
        self._database.commits += 1
        self.rollback()
        if outage is not None:
            raise outage

    def rollback(self) -> None:
        self._events.clear()
        self._tables = self._database.tables.copy()
        self.jobs = FakeLedger(self._tables, self._database.clock)
        self.desk = FakeDesk(self._tables, self._database.clock)
        self.rollups = FakeRollups(self._tables, self._database.buildings, self._database.clock)
        self.health = FakeHealth(self._tables, self._database.buildings, self._database.clock)
        self.audits = FakeAudits(self._tables, self._database.clock)
        self.inspection = FakeInspection(self._tables, self._database.clock)
        self.nonces = FakeNonces(self._tables)
        self.webhooks = FakeWebhooks(self._tables, self._database.clock)
        self.probes = FakeProbeEffects(self._tables)


class FakeBlobs:
    """See `BlobStore`."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}
        self._came: dict[str, float] = {}

    def put(self, chunks: Iterable[bytes], *, limit_bytes: int) -> StoredBlob:
        content = b"".join(chunks)
        if not 0 < len(content) <= limit_bytes:
            raise InvalidError(f"{len(content)} bytes: at least 1 and at most {limit_bytes} are taken")
        name = hashlib.sha256(content).hexdigest()
        self._blobs[name] = content
        self._came[name] = time.time()
        return StoredBlob(name, len(content))

    @contextmanager
    def local_copy(self, sha256: str) -> Iterator[Path]:
        if sha256 not in self._blobs:
            raise NotFoundError(f"no blob {sha256!r}")
        with tempfile.NamedTemporaryFile() as file:
            file.write(self._blobs[sha256])
            file.flush()
            yield Path(file.name)

    def exists(self, sha256: str) -> bool:
        return sha256 in self._blobs

    def walk(self, after: str = "") -> Iterator[HeldBlob]:
        for name in sorted(name for name in self._blobs if name > after):
            yield HeldBlob(name, len(self._blobs[name]), time.time() - self._came[name])

    def remove(self, sha256: str, *, older_than_s: float) -> bool:
        if sha256 not in self._blobs or time.time() - self._came[sha256] <= older_than_s:
            return False
        del self._blobs[sha256]
        return True

    def remove_abandoned(self) -> int:
        return 0

    def grow_old(self, sha256: str, seconds: float) -> None:
        """As if nobody had handed it in for so much longer."""
        self._came[sha256] -= seconds


class FakeCache:
    """See `Cache`. Forgets nothing by itself; `lose` forgets all."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._values.get(key)

    def put_many(self, values: Mapping[str, bytes], *, ttl_s: int | None = None) -> None:  # noqa: ARG002 - forgets nothing
        self._values.update(values)

    def delete_prefix(self, prefix: str) -> None:
        for key in [key for key in self._values if key.startswith(prefix)]:
            del self._values[key]

    def lose(self) -> None:
        self._values.clear()


class FakeMessages:
    """See `Messages`. What is on its way is what a test says."""

    def __init__(self) -> None:
        self.jobs: set[UUID] | None = set()

    def named(self, queues: Collection[str]) -> set[UUID] | None:  # noqa: ARG002 - all queues together
        return self.jobs


class FakeCourier:
    """See `Courier`. Keeps what was sent, and answers as it is told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes]] = []
        self.answers: list[int] = []

    def secret(self, webhook_id: UUID) -> str:
        return f"whsec_{webhook_id}"

    def deliver(self, webhook_id: UUID, url: str, message_id: str, body: bytes) -> Answer:  # noqa: ARG002 - signs nothing
        self.sent.append((url, message_id, body))
        return Answer(self.answers.pop(0) if self.answers else 200, 1.0)


def fake_ports(database: FakeDatabase | None = None) -> Ports:
    """Everything a job's body may touch, in memory; the installed formats read."""
    database = database or FakeDatabase()
    return Ports(
        database.unit_of_work,
        FakeBlobs(),
        FakeCache(),
        installed_readers(),
        FakeMessages(),
        FakeCourier(),
        FakeSurroundings(),
    )
