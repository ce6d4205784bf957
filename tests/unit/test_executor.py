"""Claim, run, settle: what becomes of each job of a message, whatever its body or its effect does."""

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from arxos.domain.errors import (
    CancelledError,
    ConflictError,
    NotFoundError,
    TimedOutError,
    TransientError,
    UnavailableError,
)
from arxos.domain.jobs.job import Job, JobState, NewJob
from arxos.domain.ports import UnitOfWork
from arxos.tasks.kind import Attempt, Done, JobKind
from arxos.workers import executor, settling
from arxos.workers.executor import Executor
from tests.builders import Anything, kind_of, new_job
from tests.fakes import FakeDatabase, LostAnswerError, fake_ports

Body = Callable[[Anything, Attempt], Done]


class Answer(BaseModel):
    rooms: int


class Bench:
    """One worker at one ledger in memory, with the kinds `probe.a` and `probe.b`."""

    def __init__(self, a: Body, b: Body | None = None) -> None:
        self.database = FakeDatabase()
        kinds: Mapping[str, JobKind[Any]] = {
            name: kind_of(name, body) for name, body in (("probe.a", a), ("probe.b", b)) if body
        }
        self.executor = Executor(kinds, fake_ports(self.database), "worker")

    def run(self, *jobs: NewJob) -> str:
        with self.database.unit_of_work() as uow:
            ids = uow.jobs.insert(jobs)
            uow.commit()
        return self.deliver(*ids)

    def insert(self, *jobs: NewJob) -> None:
        with self.database.unit_of_work() as uow:
            uow.jobs.insert(jobs)
            uow.commit()

    def deliver(self, *ids: UUID) -> str:
        return self.executor.deliver("probe.a", ids, uuid4())

    def states(self, *jobs: NewJob) -> list[JobState]:
        return [self.database.job(job.id).state for job in jobs]

    def job(self, job: NewJob) -> Job:
        return self.database.job(job.id)


def job(n: int = 0, kind: str = "probe.a", **fields: Any) -> NewJob:
    return new_job(kind, payload={"n": n}, **fields)


def nothing(payload: Anything, at: Attempt) -> Done:
    return Done()


def effect(payload: Anything, at: Attempt) -> Done:
    return Done(effect=lambda uow: uow.probes.add(at.job_id, at.number, str(payload.n)))


def raising(error: BaseException) -> Body:
    def run(payload: Anything, at: Attempt) -> Done:
        raise error

    return run


def spoiling(error: Exception) -> Body:
    """A body whose effect fails for the payload 13."""

    def spoil(uow: UnitOfWork) -> None:
        raise error

    return lambda payload, at: Done(effect=spoil) if payload.n == 13 else effect(payload, at)


def test_a_job_succeeds_and_its_result_is_kept() -> None:
    bench = Bench(lambda payload, _: Done(Answer(rooms=payload.n)))
    assert bench.run(mine := job(21)) == "1 succeeded"
    assert (bench.job(mine).state, bench.job(mine).result) == (JobState.SUCCEEDED, {"rooms": 21})


def test_an_effect_and_its_outcome_are_one_transaction() -> None:
    bench = Bench(effect)
    bench.run(mine := job(1))
    assert bench.database.tables.effects == [(mine.id, 1, "1")]
    assert bench.database.commits == 3  # the insertion, the claim, the outcome


def test_a_batch_is_claimed_and_settled_at_once() -> None:
    bench = Bench(effect)
    jobs = [job(n) for n in range(50)]
    assert bench.run(*jobs) == "50 succeeded"
    assert set(bench.states(*jobs)) == {JobState.SUCCEEDED}
    assert len(bench.database.tables.effects) == 50
    assert bench.database.commits == 3


def test_a_second_delivery_is_quiet() -> None:
    bench = Bench(effect)
    bench.run(mine := job())
    assert bench.deliver(mine.id) == "nothing to do"
    assert bench.deliver(uuid4()) == "nothing to do"
    assert bench.deliver() == "nothing to do"
    assert len(bench.database.tables.effects) == 1
    assert len(bench.job(mine).attempts) == 1


def test_each_job_of_a_batch_is_judged_on_its_own() -> None:
    def run(payload: Anything, at: Attempt) -> Done:
        match payload.n:
            case 1:
                raise NotFoundError("no model 'm'")
            case 2:
                raise TransientError("busy")
        return Done()

    bench = Bench(run)
    jobs = [job(n) for n in range(4)]
    assert bench.run(*jobs) == "2 succeeded, 2 failed"
    assert bench.states(*jobs) == [JobState.SUCCEEDED, JobState.DEAD, JobState.RETRYABLE, JobState.SUCCEEDED]
    assert bench.job(jobs[1]).error_message == "no model 'm'"


@pytest.mark.parametrize("error", [ValueError("bad value"), NotFoundError("no building 'b'"), ZeroDivisionError()])
def test_an_effect_that_fails_fails_its_own_job_only(error: Exception) -> None:
    bench = Bench(spoiling(error))
    jobs = [job(n) for n in (11, 12, 13, 14)]
    bench.run(*jobs)
    states = bench.states(*jobs)
    assert states[:2] + states[3:] == [JobState.SUCCEEDED] * 3
    assert states[2] in (JobState.RETRYABLE, JobState.DEAD)
    assert bench.job(jobs[2]).error_type == type(error).__name__
    assert sorted(key for _, _, key in bench.database.tables.effects) == ["11", "12", "14"]
    assert [len(bench.job(one).attempts) for one in jobs] == [1] * 4


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


def test_settling_is_tried_again_while_the_database_is_away() -> None:
    bench = Bench(effect)
    with bench.database.unit_of_work() as uow:
        [job_id] = uow.jobs.insert([job()])
        uow.commit()
    outages = [UnavailableError("the database does not answer"), TransientError("deadlock")]
    bench.database.outages += [None, *outages]
    assert bench.deliver(job_id) == "1 succeeded"
    assert bench.database.job(job_id).state is JobState.SUCCEEDED
    assert len(bench.database.tables.effects) == 1


def test_settling_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "SETTLE_FOR_S", 0.0)
    bench = Bench(effect)
    with bench.database.unit_of_work() as uow:
        [job_id] = uow.jobs.insert([job()])
        uow.commit()
    bench.database.outages += [None, UnavailableError("the database does not answer")]
    with pytest.raises(UnavailableError):
        bench.deliver(job_id)
    assert bench.database.job(job_id).state is JobState.RUNNING  # its lease will end with the process


def test_claiming_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "CLAIM_FOR_S", 0.0)
    bench = Bench(effect)
    bench.insert(mine := job())
    bench.database.outages.append(UnavailableError("the database does not answer"))
    with pytest.raises(UnavailableError):
        bench.deliver(mine.id)
    assert bench.job(mine).state is JobState.QUEUED


@pytest.mark.parametrize("outage", [UnavailableError("away"), TransientError("deadlock")])
def test_claiming_is_tried_again_while_the_database_is_away(outage: TransientError) -> None:
    bench = Bench(effect)
    bench.insert(mine := job())
    bench.database.outages.append(outage)
    assert bench.deliver(mine.id) == "1 succeeded"
    assert (bench.job(mine).attempt, bench.job(mine).lost) == (1, 0)


def test_a_claim_whose_answer_was_lost_is_given_back_and_made_anew() -> None:
    bench = Bench(effect)
    bench.insert(mine := job())
    budget = bench.job(mine).max_attempts
    bench.database.outages.append(LostAnswerError("the database does not answer"))
    assert bench.deliver(mine.id) == "1 succeeded"
    done = bench.job(mine)
    assert [one.outcome for one in done.attempts] == ["interrupted", "succeeded"]
    assert (done.max_attempts, done.lost, len(bench.database.tables.effects)) == (budget + 1, 0, 1)


def test_an_outcome_whose_answer_was_lost_is_known_for_what_it_is() -> None:
    bench = Bench(effect)
    bench.insert(mine := job())
    bench.database.outages += [None, LostAnswerError("the database does not answer")]
    assert bench.deliver(mine.id) == "1 succeeded"
    assert len(bench.database.tables.effects) == 1


def test_retries_follow_the_databases_clock_not_the_workers() -> None:
    bench = Bench(raising(TransientError("busy")))
    bench.database.clock.leap(400 * 24 * 3600)
    bench.run(mine := job())
    due_in = bench.job(mine).available_at - bench.database.clock()
    assert timedelta(0) <= due_in < timedelta(seconds=2)


def test_an_attempt_that_was_taken_back_meanwhile_writes_nothing() -> None:
    bench: Bench

    def run(payload: Anything, at: Attempt) -> Done:
        with bench.database.unit_of_work() as uow:
            uow.jobs.retire("worker")
            uow.commit()
        return effect(payload, at)

    bench = Bench(run)
    assert bench.run(mine := job()) == "1 fenced"
    assert bench.states(mine) == [JobState.QUEUED]
    assert bench.database.tables.effects == []


def test_of_a_batch_only_the_current_attempts_take_effect() -> None:
    bench: Bench

    def run(payload: Anything, at: Attempt) -> Done:
        if payload.n == 2:
            with bench.database.unit_of_work() as uow:
                uow.jobs.retire("worker")
                uow.commit()
        return effect(payload, at)

    bench = Bench(run)
    jobs = [job(n) for n in (1, 2)]
    assert bench.run(*jobs) == "2 fenced"
    assert bench.database.tables.effects == []


@pytest.mark.parametrize("each_s", [0.3, 0.9, 5.0])
def test_a_slow_batch_gives_the_rest_back(monkeypatch: pytest.MonkeyPatch, each_s: float) -> None:
    clock = SlowClock(monkeypatch)

    def run(payload: Anything, at: Attempt) -> Done:
        clock.pass_time(each_s)
        return effect(payload, at)

    bench = Bench(run)
    jobs = [job(n) for n in range(40)]
    bench.run(*jobs)
    states = bench.states(*jobs)
    done = states.count(JobState.SUCCEEDED)
    assert states == [JobState.SUCCEEDED] * done + [JobState.QUEUED] * (40 - done)
    assert executor.BATCH_BUDGET_S / each_s <= done <= executor.BATCH_BUDGET_S / each_s + 2
    last = bench.job(jobs[-1])
    assert (last.attempt, last.max_attempts, [one.outcome for one in last.attempts]) == (1, 9, ["interrupted"])
    assert len(bench.database.tables.effects) == done


def test_finished_jobs_do_not_wait_long_for_their_mates(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SlowClock(monkeypatch)
    seen: list[int] = []
    bench: Bench

    def run(payload: Anything, at: Attempt) -> Done:
        clock.pass_time(0.6)
        seen.append(len(bench.database.tables.effects))
        return effect(payload, at)

    bench = Bench(run)
    bench.run(*(job(n) for n in range(3)))
    assert seen == [0, 1, 2]


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
    assert (bench.job(mine).state, bench.job(mine).error_message) == (JobState.CANCELLED, "cancelled by ada")
    assert bench.database.tables.effects == []


@pytest.mark.parametrize("outage", [UnavailableError("away"), TransientError("deadlock")])
def test_work_goes_on_where_progress_cannot_be_stored(outage: TransientError) -> None:
    bench: Bench

    def run(payload: Anything, at: Attempt) -> Done:
        bench.database.outages.append(outage)
        at.progress(0.5)
        return Done()

    bench = Bench(run)
    assert bench.run(mine := job()) == "1 succeeded"
    assert bench.job(mine).attempt == 1


def test_a_body_knows_its_attempt() -> None:
    seen: list[tuple[UUID, int, str | None, bool]] = []

    def run(payload: Anything, at: Attempt) -> Done:
        seen.append((at.job_id, at.number, at.submitted_by, at.now().tzinfo is not None))
        return Done()

    bench = Bench(run)
    bench.run(mine := job(submitted_by="ada"))
    assert seen == [(mine.id, 1, "ada", True)]


class SlowClock:
    """The executor's stopwatch, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = 1000.0
        monkeypatch.setattr(executor, "time", SimpleNamespace(monotonic=lambda: self._now))

    def pass_time(self, seconds: float) -> None:
        self._now += seconds
