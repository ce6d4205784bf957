"""What is asked at the same moment travels together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from anyio import CapacityLimiter

from arxos.api.together import Together
from tests.running import wait_until


class Answering:
    """Doubles numbers; refuses negative ones. Can be held up."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.free = threading.Event()
        self.free.set()

    async def called(self) -> None:
        """Once it is at work."""
        await asyncio.to_thread(wait_until, lambda: self.calls, "a call", 10)

    def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.calls.append(list(numbers))
        assert self.free.wait(10)
        return [ValueError(f"{number} is negative") if number < 0 else 2 * number for number in numbers]


def test_one_alone_is_answered_at_once() -> None:
    answering = Answering()

    async def ask() -> int:
        return await Together(answering, CapacityLimiter(2)).ask(21)

    assert asyncio.run(ask()) == 42
    assert answering.calls == [[21]]


def test_what_comes_meanwhile_shares_the_next_call() -> None:
    answering = Answering()

    async def ask() -> list[int]:
        together = Together(answering, CapacityLimiter(2))
        answering.free.clear()
        first = asyncio.create_task(together.ask(0))
        await answering.called()
        others = [asyncio.create_task(together.ask(number)) for number in range(1, 101)]
        await asyncio.sleep(0)
        answering.free.set()
        return list(await asyncio.gather(first, *others))

    assert asyncio.run(ask()) == [2 * number for number in range(101)]
    assert answering.calls == [[0], list(range(1, 101))]


def test_who_is_refused_is_refused_alone() -> None:
    async def ask() -> list[int | BaseException]:
        together = Together(Answering(), CapacityLimiter(2))
        return list(await asyncio.gather(*(together.ask(n) for n in (1, -1, 3)), return_exceptions=True))

    one, refused, three = asyncio.run(ask())
    assert (one, three) == (2, 6)
    assert str(refused) == "-1 is negative"


def test_a_call_that_breaks_is_told_to_all_who_asked_and_the_next_goes_on() -> None:
    calls: list[list[int]] = []

    def breaking(numbers: Sequence[int]) -> list[int | Exception]:
        calls.append(list(numbers))
        if len(calls) == 1:
            raise OSError("the disk is full")
        return list(numbers)

    async def ask() -> int:
        together: Together[int, int] = Together(breaking, CapacityLimiter(2))
        with pytest.raises(OSError, match="full"):
            await together.ask(1)
        return await together.ask(2)

    assert asyncio.run(ask()) == 2


def test_who_goes_away_keeps_nobody_waiting() -> None:
    answering = Answering()

    async def ask() -> int:
        together = Together(answering, CapacityLimiter(2))
        answering.free.clear()
        gone = asyncio.create_task(together.ask(1))
        await answering.called()
        gone.cancel()
        other = asyncio.create_task(together.ask(2))
        await asyncio.sleep(0)
        answering.free.set()
        return await other

    assert asyncio.run(ask()) == 4
