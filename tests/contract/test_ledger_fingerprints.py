"""Fingerprints of errors in any ledger: alike for what died alike."""

from random import Random
from uuid import UUID

from arxos.domain.errors import ArxosError, NotFoundError, PermanentError
from arxos.domain.jobs.fingerprint import fingerprint
from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.outcome import failed
from tests.builders import new_job, raised
from tests.contract.lives import lose_once
from tests.worlds import World


def fail(world: World, error: ArxosError) -> Job:
    """A job whose attempt raised this."""
    [job_id] = world.insert(new_job())
    [job] = world.claim(job_id)
    world.settle(failed(job, raised(error), world.now(), Random(1)))
    return world.get(job_id)


def lose(world: World, times: int) -> Job:
    """A job that killed its worker so often."""
    [job_id] = world.insert(new_job(max_lost=times, max_attempts=9))
    for _ in range(times):
        lose_once(world, job_id)
    return world.get(job_id)


def test_errors_alike_but_for_numbers_have_one_fingerprint(world: World) -> None:
    one, other = (fail(world, NotFoundError(f"no floor {n} in {UUID(int=n)}")) for n in (3, 17))
    assert one.error_fingerprint is not None
    assert one.error_fingerprint == other.error_fingerprint
    assert one.error_fingerprint != fail(world, NotFoundError("no model")).error_fingerprint
    assert one.error_fingerprint != fail(world, PermanentError("no floor 3")).error_fingerprint


def test_the_place_is_kept_with_the_job_and_its_attempt(world: World) -> None:
    job = fail(world, NotFoundError("no floor 3"))
    assert job.error_place == "tests.builders:throw"
    assert [one.error_place for one in job.attempts] == [job.error_place]


def test_poison_of_one_reason_has_one_fingerprint_however_often_it_killed(world: World) -> None:
    one, other = lose(world, 2), lose(world, 3)
    assert (one.state, one.error_type) == (JobState.DEAD, "PoisonError")
    assert one.error_fingerprint == other.error_fingerprint
    assert one.error_fingerprint == fingerprint("PoisonError", None, one.error_message or "")


def test_a_lost_attempt_replaces_the_fingerprint_and_place_of_the_one_before(world: World) -> None:
    [job_id] = world.insert(new_job(max_attempts=9))
    [job] = world.claim(job_id)
    world.settle(failed(job, raised(ZeroDivisionError("division by zero")), world.now(), Random(1)))
    world.pass_time(60)
    lose_once(world, job_id)
    seen = world.get(job_id)
    assert (seen.error_place, seen.error_fingerprint) == (None, fingerprint("WorkerLostError", None, "signal 9"))


def test_a_job_that_succeeds_or_is_given_back_has_none(world: World) -> None:
    [job_id] = world.insert(new_job(max_attempts=9))
    lose_once(world, job_id)
    world.claim(job_id)
    world.do(lambda ledger: ledger.retire("cpu@host:1:aaaaaa"))
    assert (world.get(job_id).error_place, world.get(job_id).error_fingerprint) == (None, None)
    lose_once(world, job_id)
    world.succeed(job_id)
    assert (world.get(job_id).error_place, world.get(job_id).error_fingerprint) == (None, None)
