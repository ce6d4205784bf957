"""Many jobs in one message: claimed and settled together, each judged on its own."""

from types import SimpleNamespace

import pytest

from arxos.domain.errors import (
    NotFoundError,
    TransientError,
)
from arxos.domain.jobs.job import JobState
from arxos.domain.ports import UnitOfWork
from arxos.tasks.kind import Attempt, Done
from arxos.workers import executor
from tests.builders import Anything
from tests.executor_bench import Bench, Body, effect, job


def spoiling(error: Exception) -> Body:
    """A body whose effect fails for the payload 13."""

    def spoil(uow: UnitOfWork) -> None:
        raise error

    return lambda payload, at: Done(effect=spoil) if payload.n == 13 else effect(payload, at)


def test_a_batch_is_claimed_and_settled_at_once() -> None:
    bench = Bench(effect)
    jobs = [job(n) for n in range(50)]
    assert bench.run(*jobs) == "50 succeeded"
    assert set(bench.states(*jobs)) == {JobState.SUCCEEDED}
    assert len(bench.database.tables.effects) == 50
    assert bench.database.commits == 3


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


class SlowClock:
    """The executor's stopwatch, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = 1000.0
        monkeypatch.setattr(executor, "time", SimpleNamespace(monotonic=lambda: self._now))

    def pass_time(self, seconds: float) -> None:
        self._now += seconds
