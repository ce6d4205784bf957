"""Producers: a steady, mixed stream of jobs, and a book of what was accepted."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from arxos.domain.errors import TransientError
from arxos.domain.jobs.job import NewJob
from tests.faults.system import QUEUE_OF
from tests.running import Client

QUEUES = tuple(QUEUE_OF.values())
LATER_S = 8.0  # how far ahead a job is put off at most


@dataclass
class Book:
    """What was submitted. A commit whose answer was lost stays in doubt until the ledger is asked."""

    accepted: dict[UUID, NewJob] = field(default_factory=dict)
    in_doubt: dict[UUID, NewJob] = field(default_factory=dict)
    repeated: int = 0  # submissions that named a key again
    errors: list[str] = field(default_factory=list)
    _keys: dict[str, UUID] = field(default_factory=dict)
    _recent: deque[UUID] = field(default_factory=lambda: deque(maxlen=50))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, jobs: Sequence[NewJob], ids: Sequence[UUID]) -> None:
        """The ledger has taken these, under these ids."""
        with self._lock:
            for job, job_id in zip(jobs, ids, strict=True):
                if job.idempotency_key:
                    self._keep_key(job.idempotency_key, job_id)
                self.accepted.setdefault(job_id, job)
                self._recent.append(job_id)

    def doubt(self, jobs: Sequence[NewJob]) -> None:
        """Nobody knows yet whether the ledger has taken these."""
        with self._lock:
            self.in_doubt.update({job.id: job for job in jobs})

    def resolve(self, known: set[UUID]) -> int:
        """`known`: which of the doubtful ones the ledger has. How many."""
        for job_id in known:
            self.accepted.setdefault(job_id, self.in_doubt[job_id])
        return len(known)

    def some(self, random: Random, most: int) -> tuple[UUID, ...]:
        """Some of the jobs accepted last."""
        with self._lock:
            return tuple(random.sample(list(self._recent), min(random.randint(1, most), len(self._recent))))

    def _keep_key(self, key: str, job_id: UUID) -> None:
        self.repeated += key in self._keys
        if (first := self._keys.setdefault(key, job_id)) != job_id:
            self.errors.append(f"key {key} names two jobs: {first} and {job_id}")


@dataclass
class Producer:
    """One source of jobs: `make` says what it submits, every `pause_s` seconds more or less."""

    client: Client
    book: Book
    random: Random
    pause_s: float
    make: Callable[["Producer"], list[NewJob]]
    stopping: threading.Event

    def run(self) -> None:
        """Until `stopping` is set. An error other than 'not now' is a finding."""
        while not self.stopping.wait(self.pause_s * self.random.uniform(0.5, 1.5)):
            try:
                self._submit(self.make(self))
            except Exception as error:  # noqa: BLE001 - whatever it is, the report tells it
                self.book.errors.append(f"submission: {type(error).__name__}: {error}")

    def _submit(self, jobs: list[NewJob]) -> None:
        try:
            ids = self.client.insert(*jobs)
        except TransientError:
            self.book.doubt(jobs)
        else:
            self.book.accept(jobs, ids)

    def effect(self, queue: str, *, most_s: float = 0.0, **fields: object) -> NewJob:
        """A job with a countable effect."""
        seconds = round(self.random.uniform(0, most_s), 2)
        return self.client.job("probe.effect", key="chaos", seconds=seconds, queue=queue, **fields)


def quick(at: Producer) -> list[NewJob]:
    """One short job for either pool."""
    return [at.effect(at.random.choice(QUEUES), most_s=0.2)]


def long(at: Producer) -> list[NewJob]:
    """One that takes a while."""
    return [at.effect(at.random.choice(QUEUES), most_s=2.0)]


def batch(at: Producer) -> list[NewJob]:
    """Many light ones in one transaction: they share messages."""
    queue = at.random.choice(QUEUES)
    return [at.effect(queue) for _ in range(at.random.randint(5, 30))]


def later(at: Producer) -> list[NewJob]:
    """One that is not due yet."""
    when = datetime.now(UTC) + timedelta(seconds=at.random.uniform(0.5, LATER_S))
    return [at.effect(at.random.choice(QUEUES), run_at=when)]


def following(at: Producer) -> list[NewJob]:
    """One that waits for others."""
    return [at.effect(at.random.choice(QUEUES), after=at.book.some(at.random, 3))]


def failing(at: Producer) -> list[NewJob]:
    """One that fails once or twice before it succeeds."""
    return [at.client.job("probe.fail", times=at.random.randint(1, 2), queue=at.random.choice(QUEUES))]


def keyed(at: Producer) -> list[NewJob]:
    """One under a key that comes several times, as from a client that got no answer."""
    key = f"every-{int(time.time()) // 2}"
    return [at.effect("maintenance", idempotency_key=key)]


def novel(at: Producer) -> list[NewJob]:
    """One of a kind that only the newer version of the workers knows, and one of a contract that is new to it."""
    queue = at.random.choice(QUEUES)
    grown = replace(at.effect(queue), kind="strange.grown", payload={"colour": "red"}, batch=1, contract=2)
    return [replace(at.effect(queue), kind="strange.novel"), grown]


# Seconds between two submissions: about 45 jobs a second in all.
SOURCES: tuple[tuple[Callable[[Producer], list[NewJob]], float], ...] = (
    (quick, 0.07),
    (batch, 0.8),
    (long, 0.3),
    (later, 0.5),
    (following, 0.5),
    (failing, 0.6),
    (keyed, 0.5),
    (novel, 0.8),
)


@dataclass
class Load:
    """All producers at work."""

    client: Client
    seed: int
    book: Book = field(default_factory=Book)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for make, pause_s in SOURCES:
            random = Random(f"{self.seed} {make.__name__}")  # noqa: S311 - to be the same again
            producer = Producer(self.client, self.book, random, pause_s, make, self._stopping)
            thread = threading.Thread(target=producer.run, name=make.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Submit no more."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
