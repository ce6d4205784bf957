"""How a worker learns of cancelled jobs, tells their bodies, and takes from a thread what it does not give up."""

from uuid import UUID

from arxos.domain.jobs.job import JobState
from arxos.workers.cancelling import Cancelling
from arxos.workers.notices import Notices
from tests.builders import new_job
from tests.worlds import WORKER, FakeWorld


def running(world: FakeWorld, count: int = 1) -> list[UUID]:
    ids = world.insert(*(new_job() for _ in range(count)))
    world.claim(*ids)
    return ids


def cancelling(world: FakeWorld, grace_s: float = 60) -> Cancelling:
    """No request of Celery's is known here: what runs, runs in threads."""
    return Cancelling(world.unit_of_work, WORKER, Notices(), grace_s)


def cancel(world: FakeWorld, job_id: UUID) -> None:
    world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file"))


def test_who_is_cancelled_is_told_once_and_nobody_else() -> None:
    world = FakeWorld()
    asked, left = running(world, 2)
    telling = cancelling(world)
    telling.look()
    assert telling.notices.count == 0
    cancel(world, asked)
    for _ in range(3):
        telling.look()
    assert telling.notices.count == 1
    assert telling.notices.name(asked, 1)
    assert not telling.notices.name(left, 1)
    assert world.state(asked) is JobState.RUNNING


def test_who_does_not_stop_in_time_loses_its_job() -> None:
    world = FakeWorld()
    asked, left = running(world, 2)
    cancel(world, asked)
    cancelling(world, grace_s=0).look()
    assert [world.state(job_id) for job_id in (asked, left)] == [JobState.CANCELLED, JobState.RUNNING]
    assert world.get(asked).attempts[0].error_message == (
        "it did not stop within 0 s after it was told: what it still writes is void"
    )


def test_whoever_has_stopped_is_forgotten() -> None:
    world = FakeWorld()
    [job_id] = running(world)
    telling = cancelling(world)
    cancel(world, job_id)
    telling.look()
    world.do(lambda ledger: ledger.retire(WORKER))
    telling.look()
    assert telling._since == {}
