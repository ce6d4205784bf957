"""The table of transitions against what the ledger's operations do, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from arxos.domain.errors import ConflictError
from arxos.domain.jobs.bulk import act_on_all, undo
from arxos.domain.jobs.desk import Action, Order
from arxos.domain.jobs.job import STATES, TRANSITIONS, WAITING, JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.outcome import Outcome, Settlement
from arxos.domain.ports import UnitOfWork
from tests.builders import delivery, new_job
from tests.worlds import WORKER, FakeWorld

FIRST, MINE, ACT = UUID(int=1), UUID(int=2), UUID(int=3)
ADA = Operator("ada")
Operation = Callable[[UnitOfWork, UUID], object]
ENDS = {
    "succeed": (Outcome.SUCCEEDED, JobState.SUCCEEDED),
    "retry": (Outcome.FAILED, JobState.RETRYABLE),
    "bury": (Outcome.FAILED, JobState.DEAD),
    "give back": (Outcome.INTERRUPTED, JobState.QUEUED),
    "stop": (Outcome.CANCELLED, JobState.CANCELLED),
}
MESSAGE = delivery()
OPERATIONS: dict[str, Operation] = {
    "claim": lambda uow, job_id: uow.jobs.claim([job_id], WORKER, MESSAGE),
    "lose": lambda uow, _: uow.jobs.lose("signal 9", delivery=MESSAGE),
    "sweep": lambda uow, _: uow.jobs.sweep(0.0),
    "retire": lambda uow, _: uow.jobs.retire(WORKER),
    "expire": lambda uow, _: uow.jobs.expire(),
    "progress": lambda uow, job_id: uow.jobs.report_progress(job_id, 1, 0.5, ""),
    "cancel": lambda uow, job_id: uow.jobs.cancel(job_id, "ada", "why"),
    "redrive": lambda uow, job_id: uow.desk.redrive(job_id, ADA),
    "discard": lambda uow, job_id: uow.desk.discard(job_id, ADA),
    "settle the predecessor": lambda uow, _: uow.jobs.settle(
        [Settlement(job.id, 1, *ENDS["succeed"]) for job in uow.jobs.claim([FIRST], WORKER, delivery())]
    ),
} | {name: lambda uow, job_id, end=end: uow.jobs.settle([Settlement(job_id, 1, *end)]) for name, end in ENDS.items()}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", STATES)
def test_operations_move_jobs_only_along_the_table(state: JobState, operation: str) -> None:
    after = moved(state, operation)
    assert after is state or after in TRANSITIONS[state]


def test_every_transition_of_the_table_happens() -> None:
    seen = {(state, moved(state, operation)) for state in STATES for operation in OPERATIONS}
    seen |= {undone(action) for action in Action}
    table = {(state, after) for state, following in TRANSITIONS.items() for after in following}
    assert {(before, after) for before, after in seen if before is not after} == table


def test_nothing_leads_out_of_success() -> None:
    assert [state for state in STATES if not TRANSITIONS[state]] == [JobState.SUCCEEDED]


def test_only_the_undoing_of_a_discard_leads_out_of_cancellation() -> None:
    assert TRANSITIONS[JobState.CANCELLED] == {JobState.DEAD}
    assert not any(moved(JobState.CANCELLED, operation) is JobState.DEAD for operation in OPERATIONS)


def test_only_waiting_jobs_can_start() -> None:
    assert {state for state in STATES if JobState.RUNNING in TRANSITIONS[state]} == WAITING


def moved(state: JobState, operation: str) -> JobState:
    """The state of a job after the operation, which may be refused."""
    world = world_with(state)
    try:
        operate(world, operation)
    except ConflictError:
        return world.state(MINE)
    return world.state(MINE)


def operate(world: FakeWorld, operation: str) -> None:
    with world.unit_of_work() as uow:
        OPERATIONS[operation](uow, MINE)
        uow.commit()


def undone(action: Action) -> tuple[JobState, JobState]:
    """The state of a dead job after a bulk act, and after its undoing."""
    world = world_with(JobState.DEAD)
    act_on_all(world.unit_of_work, Order(action, JobFilter(), ADA, undo_s=60), ACT, lambda _: None)
    after = world.state(MINE)
    undo(world.unit_of_work, ACT, ADA)
    return after, world.state(MINE)


def world_with(state: JobState) -> FakeWorld:
    """A ledger with a due job in this state and its predecessor; a blocked job's deadline has passed."""
    world = FakeWorld()
    world.insert(new_job(id=FIRST))
    after = (FIRST,) if state is JobState.BLOCKED else ()
    late = world.now() + timedelta(seconds=1) if state is JobState.BLOCKED else None
    world.insert(new_job(id=MINE, after=after, deadline=late))
    for operation in ROUTES[state]:
        operate(world, operation)
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


@pytest.mark.parametrize("state", STATES)
def test_the_routes_lead_where_they_say(state: JobState) -> None:
    assert world_with(state).state(MINE) is state
