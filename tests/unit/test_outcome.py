"""How an attempt ended, and what the ledger makes of it."""

from datetime import UTC, datetime
from random import Random
from typing import NoReturn

import pytest

from arxos.domain.errors import CancelledError, InterruptedError_, NotFoundError, TransientError
from arxos.domain.jobs.fingerprint import fingerprint
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.outcome import MESSAGE_LIMIT, Outcome, failed, given_back, readable, succeeded
from arxos.domain.jobs.retry import RetryPolicy
from tests.builders import claimed, raised
from tests.unit.test_error_tree import errors_below

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class RaisingError(Exception):
    def __str__(self) -> NoReturn:
        raise RuntimeError("no")


class EmptyHandedError(Exception):
    def __str__(self) -> str:
        return None  # type: ignore[return-value]  # noqa: PLE0307 - what a careless author writes


def test_a_success_is_final() -> None:
    job = claimed(attempt=3)
    settlement = succeeded(job, {"n": 1})
    assert (settlement.job_id, settlement.attempt, settlement.outcome, settlement.state) == (
        job.id,
        3,
        Outcome.SUCCEEDED,
        JobState.SUCCEEDED,
    )
    assert settlement.result == {"n": 1}


def test_what_is_given_back_is_queued_without_an_error() -> None:
    settlement = given_back(claimed())
    assert (settlement.outcome, settlement.state, settlement.error_type) == (Outcome.INTERRUPTED, JobState.QUEUED, None)


@pytest.mark.parametrize("error", errors_below("ArxosError"))
def test_every_error_has_one_consequence(error: type[Exception]) -> None:
    settlement = failed(claimed(), error("why"), NOW, Random(1))
    if issubclass(error, CancelledError):
        expected = (Outcome.CANCELLED, JobState.CANCELLED)
    elif issubclass(error, InterruptedError_):
        expected = (Outcome.INTERRUPTED, JobState.QUEUED)
    elif error in errors_below("PermanentError"):
        expected = (Outcome.FAILED, JobState.DEAD)
    else:
        expected = (Outcome.FAILED, JobState.RETRYABLE)
    assert (settlement.outcome, settlement.state) == expected
    assert (settlement.error_type, settlement.error_message) == (error.__name__, "why")
    assert (settlement.retry_at is not None) == (settlement.state is JobState.RETRYABLE)


def test_a_foreign_error_is_tried_again() -> None:
    settlement = failed(claimed(), ZeroDivisionError("division by zero"), NOW, Random(1))
    assert (settlement.state, settlement.error_type) == (JobState.RETRYABLE, "ZeroDivisionError")


def test_the_last_attempt_buries() -> None:
    job = claimed(attempt=2, policy=RetryPolicy(max_attempts=2))
    assert failed(job, TransientError("busy"), NOW, Random(1)).state is JobState.DEAD


def test_an_interrupted_last_attempt_does_not_bury() -> None:
    job = claimed(attempt=2, policy=RetryPolicy(max_attempts=2))
    assert failed(job, InterruptedError_("stopping"), NOW, Random(1)).state is JobState.QUEUED


def test_a_failure_settles_the_attempt_that_failed() -> None:
    job = claimed(attempt=5)
    settlement = failed(job, NotFoundError("no building 'b-17'"), NOW, Random(1))
    assert (settlement.job_id, settlement.attempt) == (job.id, 5)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("plain ü"), "plain ü"),
        (ValueError(), ""),
        (RaisingError(), "(the message of this RaisingError raised RuntimeError)"),
        (EmptyHandedError(), "(the message of this EmptyHandedError raised TypeError)"),
        (ValueError("half \ud800 a pair"), "half \\ud800 a pair"),
        (ValueError("a\x00b"), "a\\x00b"),
        (ValueError(b"\xff"), "b'\\xff'"),
    ],
)
def test_any_error_is_readable(error: Exception, message: str) -> None:
    assert readable(error) == message


def test_an_endless_message_is_cut_and_says_so() -> None:
    text = readable(ValueError("é" * 10_000_000))
    assert text == "é" * MESSAGE_LIMIT + "… (10000000 characters)"


def test_a_message_at_the_limit_is_whole() -> None:
    assert readable(ValueError("x" * MESSAGE_LIMIT)) == "x" * MESSAGE_LIMIT


def test_an_error_is_recorded_with_its_place_and_a_fingerprint_of_what_is_stored() -> None:
    one, other = (failed(claimed(), raised(NotFoundError(f"no floor {n}")), NOW, Random(1)) for n in (3, 17))
    assert one.error_place == "tests.builders:throw"
    assert one.error_fingerprint == other.error_fingerprint
    assert one.error_fingerprint == fingerprint("NotFoundError", one.error_place, "no floor <n>")
    assert succeeded(claimed(), None).error_fingerprint is None


def test_a_hostile_error_still_settles() -> None:
    settlement = failed(claimed(), RaisingError(), NOW, Random(1))
    assert (settlement.state, settlement.error_type) == (JobState.RETRYABLE, "RaisingError")
    assert settlement.error_fingerprint
