"""What can be wrong with a job's row: pure, over facts that the ledger streams."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from arxos.domain.jobs.job import FINAL, WAITING, JobState

LEASES = 6  # silent for so many leases: the sweeper should have come by long ago
LATE_S = 120.0  # after so long, what happens within seconds has not happened


class Damage(StrEnum):
    """The sorts of damage to the ledger."""

    FINAL_WITHOUT_END = "final_without_end"
    RUNNING_WITHOUT_WORKER = "running_without_worker"
    LEASE_EXPIRED = "lease_expired"
    ATTEMPTS_DISAGREE = "attempts_disagree"
    BEYOND_BUDGET = "beyond_budget"
    WAITING_MISCOUNTED = "waiting_miscounted"
    UNKNOWN_TO_BROKER = "unknown_to_broker"
    DEADLINE_PASSED = "deadline_passed"
    UNKNOWN_QUEUE = "unknown_queue"
    ORPHAN_ATTEMPTS = "orphan_attempts"
    ORPHAN_EDGE = "orphan_edge"
    EDGE_OF_FINAL = "edge_of_final"


MENDABLE = frozenset(Damage) - {
    Damage.ATTEMPTS_DISAGREE,  # which of the two is right?
    Damage.BEYOND_BUDGET,
    Damage.DEADLINE_PASSED,
    Damage.UNKNOWN_QUEUE,
}


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A row, and what other tables say of the job. `…_s`: seconds ago; None: never, or there is none."""

    id: UUID
    kind: str
    queue: str
    state: JobState
    attempt: int
    max_attempts: int
    waiting_for: int
    open_edges: int  # to jobs that it still waits for
    last_recorded: int  # the highest attempt in history, 0: none
    has_end: bool
    worker: str | None
    worker_silent_s: float | None
    started_s: float | None
    published_s: float | None
    overdue_s: float | None  # since its deadline
    cancel_asked: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows are held against. `in_broker` None: nobody knows what waits in Redis."""

    queues: Collection[str]
    lease_s: float
    in_broker: Collection[UUID] | None


def damage_of(job: JobFacts, known: Known) -> Iterator[tuple[Damage, str]]:
    """Each sort of damage that this row has, in words."""
    for damage, look in _LOOKS.items():
        if words := look(job, known):
            yield damage, words


def _no_end(job: JobFacts, _: Known) -> str | None:
    return f"is {job.state} and has no end" if job.state in FINAL and not job.has_end else None


def _no_worker(job: JobFacts, _: Known) -> str | None:
    nobody = job.state is JobState.RUNNING and (job.worker is None or job.started_s is None)
    return "runs, and nobody says where" if nobody else None


def _expired(job: JobFacts, known: Known) -> str | None:
    if job.state is not JobState.RUNNING or job.started_s is None or job.started_s < LEASES * known.lease_s:
        return None
    if job.worker_silent_s is None:
        return f"runs on {job.worker}, which is not known any more"
    silent = job.worker_silent_s > LEASES * known.lease_s
    return f"runs on {job.worker}, which is silent for {job.worker_silent_s:.0f} s" if silent else None


def _attempts(job: JobFacts, _: Known) -> str | None:
    expected = job.attempt - 1 if job.state is JobState.RUNNING else job.attempt
    if job.last_recorded == expected:
        return None
    return f"is {job.state} at attempt {job.attempt}, and history's last is {job.last_recorded}"


def _budget(job: JobFacts, _: Known) -> str | None:
    over = job.attempt > job.max_attempts and job.state not in FINAL
    return f"is {job.state} at attempt {job.attempt} of {job.max_attempts}" if over else None


def _waiting(job: JobFacts, _: Known) -> str | None:
    if job.state is JobState.BLOCKED and (job.waiting_for != job.open_edges or not job.open_edges):
        return f"waits for {job.waiting_for} jobs, and {job.open_edges} of its edges are open"
    if job.state in {*WAITING, JobState.RUNNING} and job.open_edges:
        return f"is {job.state}, and {job.open_edges} of its edges are open"
    return None


def _unknown(job: JobFacts, known: Known) -> str | None:
    late = job.state in WAITING and job.published_s is not None and job.published_s > LATE_S
    if not late or known.in_broker is None or job.id in known.in_broker:
        return None
    return f"was published {job.published_s:.0f} s ago, and no message names it"


def _deadline(job: JobFacts, _: Known) -> str | None:
    late = job.state not in FINAL and job.overdue_s is not None and job.overdue_s > LATE_S and not job.cancel_asked
    return f"is {job.state}, {job.overdue_s:.0f} s after its deadline" if late else None


def _queue(job: JobFacts, known: Known) -> str | None:
    lost = job.state not in FINAL and job.queue not in known.queues
    return f"waits in {job.queue!r}, which no worker consumes" if lost else None


_LOOKS: dict[Damage, Callable[[JobFacts, Known], str | None]] = {
    Damage.FINAL_WITHOUT_END: _no_end,
    Damage.RUNNING_WITHOUT_WORKER: _no_worker,
    Damage.LEASE_EXPIRED: _expired,
    Damage.ATTEMPTS_DISAGREE: _attempts,
    Damage.BEYOND_BUDGET: _budget,
    Damage.WAITING_MISCOUNTED: _waiting,
    Damage.UNKNOWN_TO_BROKER: _unknown,
    Damage.DEADLINE_PASSED: _deadline,
    Damage.UNKNOWN_QUEUE: _queue,
}
