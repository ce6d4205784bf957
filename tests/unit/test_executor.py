"""Claim, run, settle: what becomes of a job, whatever its body does."""

import sys
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from arxos.domain.errors import (
    CancelledError,
    ConflictError,
    NotFoundError,
    TimedOutError,
)
from arxos.domain.jobs.job import JobState
from arxos.tasks.kind import Attempt, Done
from tests.builders import Anything, new_job
from tests.executor_bench import Bench, effect, job, nothing, raising


class Answer(BaseModel):
    rooms: int


def test_a_job_succeeds_and_its_result_is_kept() -> None:
    bench = Bench(lambda payload, _: Done(Answer(rooms=payload.n)))
    assert bench.run(mine := job(21)) == "1 succeeded"
    assert (bench.job(mine).state, bench.job(mine).result) == (JobState.SUCCEEDED, {"rooms": 21})


def test_an_effect_and_its_outcome_are_one_transaction() -> None:
    bench = Bench(effect)
    bench.run(mine := job(1))
    assert bench.database.tables.effects == [(mine.id, 1, "1")]
    assert bench.database.commits == 3  # the insertion, the claim, the outcome


def test_a_second_delivery_is_quiet() -> None:
    bench = Bench(effect)
    bench.run(mine := job())
    assert bench.deliver(mine.id) == "nothing to do"
    assert bench.deliver(uuid4()) == "nothing to do"
    assert bench.deliver() == "nothing to do"
    assert len(bench.database.tables.effects) == 1
    assert len(bench.job(mine).attempts) == 1


def test_an_unknown_kind_waits_for_a_worker_that_knows_it() -> None:
    bench = Bench(nothing)
    bench.insert(mine := job(kind="probe.newer"))
    before = bench.job(mine)
    assert bench.executor.deliver("probe.newer", [mine.id], uuid4()) == "nothing to do"
    assert (bench.job(mine).state, bench.job(mine).attempt) == (JobState.QUEUED, 0)
    assert bench.job(mine).available_at > before.available_at


def test_a_payload_of_a_newer_contract_waits_for_a_worker_that_can_read_it() -> None:
    bench = Bench(effect)
    assert bench.run(mine := job(), newer := job(contract=2)) == "1 succeeded"
    assert bench.states(mine, newer) == [JobState.SUCCEEDED, JobState.QUEUED]


def test_parking_is_told_once_for_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench(effect)
    for _ in range(3):
        bench.run(job(contract=2))
    assert capsys.readouterr().out.count("jobs_parked") == 1


def test_a_job_of_another_kind_than_the_message_says_is_left_alone() -> None:
    bench = Bench(effect, raising(NotFoundError("x")))
    assert bench.run(one := job(), two := job(kind="probe.b")) == "1 succeeded"
    assert bench.states(one, two) == [JobState.SUCCEEDED, JobState.QUEUED]


def test_a_payload_that_no_longer_fits_is_a_dead_letter_that_names_the_field() -> None:
    bench = Bench(nothing)
    bench.run(mine := new_job("probe.a", payload={"n": "many", "colour": "red"}))
    assert (bench.job(mine).state, bench.job(mine).error_type) == (JobState.DEAD, "InvalidPayloadError")
    message = bench.job(mine).error_message or ""
    assert "payload of probe.a: n: " in message
    assert "colour: " in message
    assert "many" not in message


@pytest.mark.parametrize(
    ("error", "state", "error_type"),
    [
        (SystemExit(0), JobState.RETRYABLE, "SystemExit"),
        (SystemExit("so long"), JobState.RETRYABLE, "SystemExit"),
        (SystemExit(-(256 - 15)), JobState.QUEUED, "InterruptedError_"),
        (TimedOutError("took long"), JobState.RETRYABLE, "TimedOutError"),
        (CancelledError("cancelled by ada"), JobState.CANCELLED, "CancelledError"),
        (MemoryError(), JobState.RETRYABLE, "MemoryError"),
        (RecursionError("deep"), JobState.RETRYABLE, "RecursionError"),
        (ConflictError("attempt 1 is no longer current"), JobState.DEAD, "ConflictError"),
    ],
)
def test_whatever_a_body_raises_settles_the_job(error: BaseException, state: JobState, error_type: str) -> None:
    fails = raising(error)
    bench = Bench(lambda payload, at: fails(payload, at) if payload.n else nothing(payload, at))
    bench.run(mine := job(1), mate := job(0))
    assert (bench.job(mine).state, bench.job(mine).error_type) == (state, error_type)
    assert bench.job(mate).state is JobState.SUCCEEDED


def test_a_body_that_leaves_by_sys_exit_does_not_take_the_worker_along() -> None:
    def run(payload: Anything, at: Attempt) -> Done:
        sys.exit(3)

    bench = Bench(run)
    bench.run(mine := job())
    assert bench.job(mine).error_message == "3"


def test_a_body_that_answers_nothing_fails() -> None:
    bench = Bench(lambda *_: None)  # type: ignore[arg-type]  # what a careless author writes
    bench.run(mine := job())
    assert bench.job(mine).error_type == "AttributeError"


def test_a_message_that_raises_does_not_keep_a_job_from_settling() -> None:
    class HostileError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    bench = Bench(raising(HostileError()))
    bench.run(mine := job())
    assert (bench.job(mine).state, bench.job(mine).error_type) == (JobState.RETRYABLE, "HostileError")


def test_progress_is_stored_and_throttled() -> None:
    bench: Bench
    notes: list[str | None] = []

    def run(payload: Anything, at: Attempt) -> Done:
        for step in range(100):
            at.progress(step / 10, f"step {step}")
            notes.append(bench.database.job(at.job_id).progress_note)
        return Done()

    bench = Bench(run)
    bench.run(mine := job())
    assert set(notes[:5]) == {"step 0"}
    assert bench.job(mine).progress == 1


def test_progress_tells_a_body_that_it_was_cancelled() -> None:
    bench: Bench

    def run(payload: Anything, at: Attempt) -> Done:
        with bench.database.unit_of_work() as uow:
            uow.jobs.cancel(at.job_id, "ada", "wrong file")
            uow.commit()
        at.progress(0.5)
        return effect(payload, at)

    bench = Bench(run)
    assert bench.run(mine := job()) == "1 cancelled"
    assert (bench.job(mine).state, bench.job(mine).error_message) == (
        JobState.CANCELLED,
        "cancelled by ada: wrong file",
    )
    assert bench.database.tables.effects == []


def test_progress_tells_of_a_notice_even_between_two_reports() -> None:
    bench: Bench

    def run(payload: Anything, at: Attempt) -> Done:
        at.progress(0.1)
        bench.executor.notices.put(at.job_id, at.number)
        at.progress(0.2)
        return effect(payload, at)

    bench = Bench(run)
    assert bench.run(mine := job()) == "1 cancelled"
    assert bench.job(mine).progress == pytest.approx(0.1)


def test_a_claimed_job_that_was_cancelled_before_its_turn_in_the_message_does_not_begin() -> None:
    begun: list[UUID] = []

    def run(payload: Anything, at: Attempt) -> Done:
        begun.append(at.job_id)
        bench.executor.notices.put(second.id, 1)
        return Done()

    bench = Bench(run)
    first, second = job(), job()
    assert bench.run(first, second) == "1 succeeded, 1 cancelled"
    assert begun == [first.id]


def test_a_body_knows_its_attempt() -> None:
    seen: list[tuple[UUID, int, str | None, bool]] = []

    def run(payload: Anything, at: Attempt) -> Done:
        seen.append((at.job_id, at.number, at.submitted_by, at.now().tzinfo is not None))
        return Done()

    bench = Bench(run)
    bench.run(mine := job(submitted_by="ada"))
    assert seen == [(mine.id, 1, "ada", True)]
