"""Tracebacks for the log: short, whatever the error."""

from collections.abc import Callable

import pytest

from arxos.workers.tracebacks import FRAMES, LIMIT, LINE_LIMIT, traceback_of
from tests.faults.strange import UNTELLABLE, sink


def raised(error: Callable[[], BaseException], depth: int = 3) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever it is
        sink(depth, error())
    return caught.value


def test_a_traceback_ends_with_the_error_and_names_its_cause() -> None:
    told = traceback_of(raised(lambda: ValueError("no floor 7")))
    assert told.endswith("ValueError: no floor 7")
    assert "The above exception was the direct cause" in told
    assert "in sink" in told


@pytest.mark.parametrize("how", sorted(UNTELLABLE))
def test_errors_that_cannot_be_told_are_told_in_short(how: str) -> None:
    told = traceback_of(raised(UNTELLABLE[how]))
    assert len(told) < 3 * LINE_LIMIT
    told.encode()
    assert "\x00" not in told


def test_of_a_deep_error_the_innermost_frames_are_told() -> None:
    told = traceback_of(raised(lambda: ValueError("deep"), depth=500))
    assert told.count("in sink") <= FRAMES + 1
    assert told.endswith("ValueError: deep")


def test_of_a_long_chain_the_end_is_told() -> None:
    error: BaseException = ValueError("first")
    for number in range(2_000):
        error, error.__cause__ = ValueError(f"error {number}"), error
    told = traceback_of(error)
    assert len(told) <= LIMIT + 1
    assert told.endswith("ValueError: error 1999")
