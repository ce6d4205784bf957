"""A database that is away, loses its answers, or has given the attempt to somebody else meanwhile."""

from datetime import timedelta

import pytest

from arxos.domain.errors import (
    TransientError,
    UnavailableError,
)
from arxos.domain.jobs.job import JobState
from arxos.tasks.kind import Attempt, Done
from arxos.workers import executor, settling
from tests.builders import Anything
from tests.executor_bench import Bench, effect, job, raising
from tests.fakes import LostAnswerError


def test_settling_is_tried_again_while_the_database_is_away() -> None:
    bench = Bench(effect)
    bench.insert(mine := job())
    outages = [UnavailableError("the database does not answer"), TransientError("deadlock")]
    bench.database.outages += [None, *outages]
    assert bench.deliver(mine.id) == "1 succeeded"
    assert bench.job(mine).state is JobState.SUCCEEDED
    assert len(bench.database.tables.effects) == 1


def test_settling_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "SETTLE_FOR_S", 0.0)
    bench = Bench(effect)
    bench.insert(mine := job())
    bench.database.outages += [None, UnavailableError("the database does not answer")]
    with pytest.raises(UnavailableError):
        bench.deliver(mine.id)
    assert bench.job(mine).state is JobState.RUNNING  # its lease will end with the process


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
