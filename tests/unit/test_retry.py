"""When to try again, and when to give up."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.errors import NotFoundError, TimedOutError, TransientError, UnknownKindError
from arxos.domain.jobs.retry import Bury, RetryAt, RetryPolicy, backoff_ceiling, judge
from tests.unit.test_error_tree import errors_below

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENT = RetryPolicy(max_attempts=10**9)

policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 100),
    base_s=st.floats(0, 1e6),
    cap_s=st.floats(0, 1e7),
)


@given(policies, st.integers(1, 10**9))
def test_the_ceiling_never_goes_beyond_the_cap(policy: RetryPolicy, attempt: int) -> None:
    assert 0 <= backoff_ceiling(policy, attempt) <= policy.cap_s


@given(policies, st.integers(1, 10**6))
def test_the_ceiling_never_falls(policy: RetryPolicy, attempt: int) -> None:
    assert backoff_ceiling(policy, attempt + 1) >= backoff_ceiling(policy, attempt)


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 1), (2, 2), (3, 4), (4, 8), (10, 512), (11, 600), (12, 600)])
def test_the_ceiling_doubles_up_to_the_cap(attempt: int, ceiling: float) -> None:
    assert backoff_ceiling(RetryPolicy(base_s=1, cap_s=600), attempt) == ceiling


@given(policies, st.integers(1, 200), st.randoms(use_true_random=False))
def test_a_wait_lies_between_zero_and_the_ceiling(policy: RetryPolicy, attempt: int, random: Random) -> None:
    match judge(policy, attempt, TransientError("busy"), NOW, random):
        case RetryAt(when):
            assert attempt < policy.max_attempts
            wait = (when - NOW).total_seconds()
            assert 0 <= wait <= backoff_ceiling(policy, attempt) + 1e-6
        case Bury(reason):
            assert (attempt >= policy.max_attempts, reason) == (True, "attempts_exhausted")


def test_waits_fill_the_whole_range() -> None:
    random = Random(7)
    waits = [_wait(4, random) for _ in range(2000)]
    assert min(waits) < 0.1
    assert max(waits) > 7.9
    assert 3.8 < sum(waits) / len(waits) < 4.2  # uniform over 0 to 8


def test_the_same_randomness_gives_the_same_wait() -> None:
    assert _wait(3, Random(1)) == _wait(3, Random(1))


@pytest.mark.parametrize("error", errors_below("PermanentError"))
def test_permanent_errors_bury_at_the_first_attempt(error: type[Exception]) -> None:
    assert judge(PATIENT, 1, error("x"), NOW, Random(1)) == Bury("permanent")


@pytest.mark.parametrize("error", [*errors_below("TransientError"), ValueError, KeyError, MemoryError, SystemExit])
def test_transient_and_unknown_errors_are_tried_again(error: type[BaseException]) -> None:
    assert isinstance(judge(PATIENT, 1, error("x"), NOW, Random(1)), RetryAt)


def test_the_last_attempt_is_not_followed_by_another() -> None:
    policy = RetryPolicy(max_attempts=3)
    verdicts = [judge(policy, attempt, TimedOutError("x"), NOW, Random(1)) for attempt in (1, 2, 3, 4)]
    assert [isinstance(verdict, RetryAt) for verdict in verdicts] == [True, True, False, False]
    assert verdicts[2:] == [Bury("attempts_exhausted")] * 2


def test_an_unknown_kind_waits_for_a_worker_that_knows_it() -> None:
    assert isinstance(judge(RetryPolicy(), 1, UnknownKindError("no job kind 'x'"), NOW, Random(1)), RetryAt)


def test_permanence_is_told_before_exhaustion() -> None:
    assert judge(RetryPolicy(max_attempts=1), 1, NotFoundError("x"), NOW, Random(1)) == Bury("permanent")


def _wait(attempt: int, random: Random) -> float:
    verdict = judge(PATIENT, attempt, TransientError("busy"), NOW, random)
    assert isinstance(verdict, RetryAt)
    return (verdict.when - NOW) / timedelta(seconds=1)
