"""What the domain needs of the world. `storage` and `formats` provide it; tests use the fakes in `tests/fakes.py`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from uuid import UUID

from arxos.domain.events import Event

if TYPE_CHECKING:  # the ports name the vocabulary of both halves; at run time the arrows point the other way
    from arxos.domain.audits.findings import Audits
    from arxos.domain.buildings.model_reader import ModelReader
    from arxos.domain.buildings.repository import BuildingRepository
    from arxos.domain.health.parts import Surroundings
    from arxos.domain.health.port import Health
    from arxos.domain.jobs.desk import Desk
    from arxos.domain.jobs.inspection import LedgerInspection
    from arxos.domain.jobs.ledger import Ledger
    from arxos.domain.jobs.probes import ProbeEffects
    from arxos.domain.jobs.signatures import Nonces
    from arxos.domain.jobs.webhooks import Courier, Webhooks
    from arxos.domain.rollups.rows import Rollups


class UnitOfWork(Protocol):
    """One transaction. Leaving it without `commit` rolls everything back.

    `emit` records a domain event; its follow-up jobs are inserted by `commit`, in the same transaction.
    """

    @property
    def jobs(self) -> "Ledger": ...
    @property
    def desk(self) -> "Desk": ...
    @property
    def buildings(self) -> "BuildingRepository": ...
    @property
    def health(self) -> "Health": ...
    @property
    def rollups(self) -> "Rollups": ...
    @property
    def audits(self) -> "Audits": ...
    @property
    def inspection(self) -> "LedgerInspection": ...
    @property
    def webhooks(self) -> "Webhooks": ...
    @property
    def nonces(self) -> "Nonces": ...
    @property
    def probes(self) -> "ProbeEffects": ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def emit(self, event: Event) -> None: ...
    def commit(self, *, durable: bool = True) -> None:
        """Write everything. `durable` False: do not wait for the disk; a crash of the server may forget it."""

    def rollback(self) -> None: ...


OpenUnitOfWork = Callable[[], UnitOfWork]


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Bytes in the blob store, named by their content."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class HeldBlob:
    """One of the bytes in the store. `age_s`: since somebody handed them in, for the first time or again."""

    sha256: str
    size_bytes: int
    age_s: float


class BlobStore(Protocol):
    """Content-addressed bytes."""

    def put(self, chunks: Iterable[bytes], *, limit_bytes: int) -> StoredBlob:
        """Store a stream without holding it whole in memory; the same bytes again are stored once.

        Raises InvalidError beyond `limit_bytes` or for zero bytes; nothing stays behind then.
        """

    def local_copy(self, sha256: str) -> AbstractContextManager[Path]:
        """A path to read the bytes at, for as long as the context lasts. Raises NotFoundError."""

    def exists(self, sha256: str) -> bool:
        """Whether the store holds these bytes."""

    def walk(self, after: str = "") -> Iterator[HeldBlob]:
        """All that it holds, in order of their names, those after this one. What comes meanwhile may be told."""

    def remove(self, sha256: str, *, older_than_s: float) -> bool:
        """Forget these bytes, unless somebody handed them in since; whether they are gone by this call."""

    def remove_abandoned(self) -> int:
        """Remove what processes that are gone had begun to store; how many pieces."""


class Cache(Protocol):
    """Computed answers that readers hit. May lose anything at any time. Raises UnavailableError when it is away."""

    def get(self, key: str) -> bytes | None: ...
    def put_many(self, values: Mapping[str, bytes], *, ttl_s: int | None = None) -> None: ...
    def delete_prefix(self, prefix: str) -> None: ...


class Messages(Protocol):
    """What is on its way to the workers."""

    def named(self, queues: Collection[str]) -> Collection[UUID] | None:
        """The jobs that messages of these queues name, delivered ones too; None: there are too many to look through.

        Raises UnavailableError.
        """


class ModelReaders(Protocol):
    """The formats that are installed."""

    def reader_for(self, path: Path, filename: str) -> "ModelReader":
        """The reader by the file's content first, its name second. Raises ModelRefusedError where none fits."""

    def __iter__(self) -> Iterator["ModelReader"]: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a job's body may touch."""

    unit_of_work: OpenUnitOfWork
    blobs: BlobStore
    cache: Cache
    readers: ModelReaders
    messages: Messages
    courier: "Courier"
    surroundings: "Surroundings"
