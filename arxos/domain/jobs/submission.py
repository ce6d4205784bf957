"""What makes one submission whole: its jobs may name each other, may have been there before, and form no circle."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError as FoundCycle
from graphlib import TopologicalSorter
from uuid import UUID

from arxos.domain.errors import ConflictError, CycleError, IdTakenError, KeyReusedError, TooManyEdgesError
from arxos.domain.jobs.job import After, NewJob

SHOWN = 6  # jobs of a circle that an error names
MOST_EDGES = 30_000  # of one submission; one job may wait for a third of that


@dataclass(frozen=True, slots=True)
class Known:
    """A job that the ledger holds already, as it was submitted."""

    id: UUID
    kind: str
    payload: object  # a mapping, unless the row is damaged
    idempotency_key: str | None
    principal: str
    contract: int

    def has_key_of(self, job: NewJob) -> bool:
        """Whether the same principal named it by the same key."""
        key = job.idempotency_key
        return key is not None and (self.idempotency_key, self.principal) == (key, job.principal)

    def is_request_of(self, job: NewJob) -> bool:
        """Whether the same was asked for: kind and payload. When and where it runs is no part of that."""
        return self.kind == job.kind and (self.payload == job.payload or self._is_of_other_contract(job))

    def _is_of_other_contract(self, job: NewJob) -> bool:
        """Whether the payloads differ in nothing but fields that the other's version does not know.

        Versions run side by side, and a request may be repeated after an upgrade: what a newer one fills in by default
        makes no other request of it.
        """
        if self.contract == job.contract or not isinstance(self.payload, Mapping):
            return False
        mine, others = set(self.payload), set(job.payload)
        alike = all(self.payload[name] == job.payload[name] for name in mine & others)
        if self.contract < job.contract:
            return alike and mine <= others and others - mine <= job.defaulted
        return alike and others <= mine

    def is_repeated_by(self, job: NewJob) -> bool:
        """Whether this request made it, or one that asks for the same in the same name."""
        names = (self.principal, self.idempotency_key) == (job.principal, job.idempotency_key)
        return names and self.is_request_of(job)


def refuse_too_many_edges(jobs: Iterable[NewJob]) -> None:
    """Raises TooManyEdgesError: each edge costs a row, an index entry and a look when its job settles."""
    edges = 0
    for job in jobs:
        edges += len(job.after)
        if edges > MOST_EDGES:
            words = f"the jobs of one submission wait for more than {MOST_EDGES:,} others together"
            raise TooManyEdgesError(f"{words}: put a job in between, or submit in parts", job.id)


def each_once(jobs: Sequence[NewJob]) -> list[NewJob]:
    """The jobs without repetitions. Raises ConflictError where one id stands for two different requests."""
    first: dict[UUID, NewJob] = {}
    for job in jobs:
        if (known := first.setdefault(job.id, job)) is not job and known != job:
            raise IdTakenError(f"two jobs of one submission have the id {job.id}", job.id)
    return list(first.values())


def stands_for(job: NewJob, known: Iterable[Known]) -> UUID:
    """The id of the job that exists in place of this one.

    Raises KeyReusedError, IdTakenError, which say nothing of the other job: it may be another's; ConflictError.
    """
    held = list(known)
    for one in held:
        if one.has_key_of(job):
            if not one.is_request_of(job):
                words = f"idempotency key {job.idempotency_key!r} was used before, for another request"
                raise KeyReusedError(words, job.id)
            return one.id
    for one in held:
        if one.id == job.id and not one.is_repeated_by(job):
            raise IdTakenError(f"the id {job.id} belongs to another job", job.id)
    if not held:
        raise ConflictError(f"job {job.id} existed a moment ago and is gone: submit it again")
    return job.id


def connected(job: NewJob, standing: Mapping[UUID, UUID]) -> NewJob:
    """The job with its edges leading to those that stand for the ones it names."""
    if not standing:
        return job
    return replace(job, after=tuple(After(standing.get(one, one), how) for one, how in job.predecessors.items()))


def refuse_circles(waits: Mapping[UUID, Collection[UUID]]) -> None:
    """Raises CycleError naming the way round: each job is before the next. Takes time linear in jobs and edges."""
    try:
        TopologicalSorter(waits).prepare()
    except FoundCycle as found:
        circle: list[UUID] = found.args[1]
        raise CycleError(f"jobs wait for each other: {_way(circle)}", circle[0]) from None


def _way(circle: Sequence[UUID]) -> str:
    """``a → b → a``; a long one with its middle left out."""
    if len(circle) <= SHOWN + 1:
        return " → ".join(map(str, circle))
    shown = [*map(str, circle[: SHOWN - 1]), f"… ({len(circle) - SHOWN} more)", str(circle[-1])]
    return " → ".join(shown)
