"""The table of transitions against what the ledger's operations do, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from arxos.domain.errors import ConflictError
from arxos.domain.jobs.job import FINAL, TRANSITIONS, WAITING, JobState
from arxos.domain.jobs.ledger import Ledger
from arxos.domain.jobs.outcome import Outcome, Settlement
from tests.builders import delivery, new_job
from tests.worlds import WORKER, FakeWorld

FIRST, MINE = UUID(int=1), UUID(int=2)
Operation = Callable[[Ledger, UUID], object]
ENDS = {
    "succeed": (Outcome.SUCCEEDED, JobState.SUCCEEDED),
    "retry": (Outcome.FAILED, JobState.RETRYABLE),
    "bury": (Outcome.FAILED, JobState.DEAD),
    "give back": (Outcome.INTERRUPTED, JobState.QUEUED),
    "stop": (Outcome.CANCELLED, JobState.CANCELLED),
}
MESSAGE = delivery()
OPERATIONS: dict[str, Operation] = {
    "claim": lambda ledger, job_id: ledger.claim([job_id], WORKER, MESSAGE),
    "lose": lambda ledger, _: ledger.lose("signal 9", delivery=MESSAGE),
    "sweep": lambda ledger, _: ledger.sweep(0.0),
    "retire": lambda ledger, _: ledger.retire(WORKER),
    "expire": lambda ledger, _: ledger.expire(),
    "progress": lambda ledger, job_id: ledger.report_progress(job_id, 1, 0.5, ""),
    "cancel": lambda ledger, job_id: ledger.cancel(job_id, "ada", "why"),
    "redrive": lambda ledger, job_id: ledger.redrive(job_id, "ada"),
    "discard": lambda ledger, job_id: ledger.discard(job_id, "ada", "why"),
    "settle the predecessor": lambda ledger, _: ledger.settle(
        [Settlement(job.id, 1, *ENDS["succeed"]) for job in ledger.claim([FIRST], WORKER, delivery())]
    ),
} | {name: lambda ledger, job_id, end=end: ledger.settle([Settlement(job_id, 1, *end)]) for name, end in ENDS.items()}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", JobState)
def test_operations_move_jobs_only_along_the_table(state: JobState, operation: str) -> None:
    after = moved(state, operation)
    assert after is state or after in TRANSITIONS[state]


def test_every_transition_of_the_table_happens() -> None:
    seen = {(state, moved(state, operation)) for state in JobState for operation in OPERATIONS}
    table = {(state, after) for state, following in TRANSITIONS.items() for after in following}
    assert {(before, after) for before, after in seen if before is not after} == table


def test_nothing_leads_out_of_success_and_cancellation() -> None:
    assert {state for state in JobState if not TRANSITIONS[state]} == FINAL - {JobState.DEAD}


def test_only_waiting_jobs_can_start() -> None:
    assert {state for state in JobState if JobState.RUNNING in TRANSITIONS[state]} == WAITING


def moved(state: JobState, operation: str) -> JobState:
    """The state of a job after the operation, which may be refused."""
    world = world_with(state)
    try:
        world.do(lambda ledger: OPERATIONS[operation](ledger, MINE))
    except ConflictError:
        return world.state(MINE)
    return world.state(MINE)


def world_with(state: JobState) -> FakeWorld:
    """A ledger with a due job in this state and its predecessor; a blocked job's deadline has passed."""
    world = FakeWorld()
    world.insert(new_job(id=FIRST))
    after = (FIRST,) if state is JobState.BLOCKED else ()
    late = world.now() + timedelta(seconds=1) if state is JobState.BLOCKED else None
    world.insert(new_job(id=MINE, after=after, deadline=late))
    for operation in ROUTES[state]:
        world.do(lambda ledger, way=operation: OPERATIONS[way](ledger, MINE))  # type: ignore[misc]
    world.pass_time(2)
    return world


ROUTES: dict[JobState, list[str]] = {
    JobState.BLOCKED: [],
    JobState.QUEUED: [],
    JobState.RUNNING: ["claim"],
    JobState.RETRYABLE: ["claim", "retry"],
    JobState.SUCCEEDED: ["claim", "succeed"],
    JobState.DEAD: ["claim", "bury"],
    JobState.CANCELLED: ["cancel"],
}


@pytest.mark.parametrize("state", JobState)
def test_the_routes_lead_where_they_say(state: JobState) -> None:
    assert world_with(state).state(MINE) is state
