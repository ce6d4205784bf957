"""What bodies are told, process or thread: soft limits and cancellations; nobody is hit who is not meant."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import CancelledError, TimedOutError, UnavailableError
from arxos.domain.ports import UnitOfWork
from arxos.workers.attempt import RunningAttempt
from arxos.workers.notices import Notices
from arxos.workers.patience import DatabaseClock
from arxos.workers.telling import Told, told_of
from tests.builders import claimed
from tests.fakes import fake_ports

JOB = uuid4()
Cancel = Callable[[], None]


class House:
    """One process with its notices, as a pool child has them."""

    def __init__(self) -> None:
        self.notices = Notices()
        self.tidied = 0

    def body(self, seconds: float = 3, job_id: UUID = JOB, attempt: int = 1) -> AbstractContextManager[Told]:
        return told_of(job_id, attempt, seconds, self.notices, 0, self.tidy)

    def tidy(self) -> None:
        self.tidied += 1

    def cancel(self, job_id: UUID = JOB, attempt: int = 1) -> None:
        """What the worker's parent does."""
        self.notices.put(job_id, attempt)
        look()


def look() -> None:
    os.kill(os.getpid(), signal.SIGUSR2)


def time_is_over() -> None:
    """What the pool does to a child whose job is beyond its soft limit."""
    os.kill(os.getpid(), signal.SIGUSR1)


def test_a_body_handles_its_soft_limit_and_goes_on() -> None:
    with House().body(3) as told:
        with pytest.raises(TimedOutError, match="took longer than its soft time limit of 3 s"):
            time_is_over()
        time_is_over()  # told once: the hard limit is what follows
        told.check()


def test_a_cancelled_body_is_interrupted_once_and_told_whenever_it_asks() -> None:
    house = House()
    with house.body() as told:
        told.check()
        with pytest.raises(CancelledError):
            house.cancel()
        look()
        with pytest.raises(CancelledError):
            told.check()


@pytest.mark.parametrize("tell", [time_is_over, look])
def test_the_signals_hit_nobody_outside_of_bodies(tell: Callable[[], None]) -> None:
    house = House()
    with house.body():
        pass
    house.notices.put(JOB, 1)
    tell()


@pytest.mark.parametrize(("job_id", "attempt"), [(uuid4(), 1), (JOB, 2)])
def test_a_notice_for_another_job_or_attempt_hits_nobody(job_id: UUID, attempt: int) -> None:
    house = House()
    with house.body() as told:
        house.cancel(job_id, attempt)
        told.check()


def test_a_notice_that_came_for_the_job_before_does_not_hit_the_next() -> None:
    house = House()
    with house.body(job_id=uuid4()) as before:
        pass
    with house.body() as told:
        house.cancel(before.job_id)
        told.check()


def test_a_body_that_was_cancelled_before_it_began_does_not_begin() -> None:
    house = House()
    house.notices.put(JOB, 1)
    with pytest.raises(CancelledError), house.body():
        pytest.fail("it began")
    look()


def test_cleaning_up_after_the_soft_limit_is_not_disturbed_by_a_cancellation() -> None:
    house = House()
    with house.body() as told:
        with pytest.raises(TimedOutError):
            time_is_over()
        house.cancel()
        with pytest.raises(CancelledError):
            told.check()


def test_cleaning_up_after_a_cancellation_is_not_disturbed_by_the_soft_limit() -> None:
    house = House()
    with house.body():
        with pytest.raises(CancelledError):
            house.cancel()
        time_is_over()


@pytest.mark.parametrize(("tell", "error"), [(lambda _: time_is_over(), TimedOutError), (House.cancel, CancelledError)])
def test_what_must_not_be_torn_is_told_of_afterwards(tell: Callable[[House], None], error: type[Exception]) -> None:
    house = House()
    with house.body() as told:
        with told.undisturbed():
            tell(house)
        with pytest.raises(error):
            told.check()


@pytest.mark.parametrize("tell", [lambda _: time_is_over(), House.cancel])
def test_a_signal_that_comes_while_progress_is_stored_is_not_taken_for_an_outage(tell: Callable[[House], None]) -> None:
    house = House()

    def struck() -> UnitOfWork:
        tell(house)
        raise UnavailableError("away")

    ports = replace(fake_ports(), unit_of_work=struck)
    job = claimed(id=JOB)
    with house.body() as told:
        attempt = RunningAttempt(job, ports, told, DatabaseClock(job.claimed_at))
        with pytest.raises((TimedOutError, CancelledError)):
            attempt.progress(0.5)


def test_each_body_is_told_anew() -> None:
    house = House()
    for attempt in (1, 2):
        with house.body(attempt=attempt), pytest.raises(TimedOutError):
            time_is_over()
        with house.body(attempt=attempt), pytest.raises(CancelledError):
            house.cancel(attempt=attempt)


def test_what_an_interrupted_body_has_left_is_tidied_up_and_only_that() -> None:
    house = House()
    with house.body():
        pass
    assert house.tidied == 0
    with pytest.raises(CancelledError), house.body():
        house.cancel()
    assert house.tidied == 1


def in_thread(body: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            body()
        except BaseException as failure:  # noqa: BLE001 - shown by the main thread
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    if failures:
        raise failures[0]


def test_a_thread_is_told_of_its_soft_limit_once_when_it_asks() -> None:
    def body() -> None:
        with House().body(60) as told:
            told.check()
            told.ends = 0.0
            with pytest.raises(TimedOutError):
                told.check()
            told.check()

    in_thread(body)


def test_a_thread_is_told_that_it_is_cancelled_when_it_asks() -> None:
    house = House()

    def body() -> None:
        with house.body(60) as told:
            house.notices.put(JOB, 1)
            with pytest.raises(CancelledError):
                told.check()

    in_thread(body)
    assert house.tidied == 0  # a thread's process has children of others
