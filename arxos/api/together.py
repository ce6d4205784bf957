"""What is asked at the same moment travels together: one call in a thread answers all of it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread

Q = TypeVar("Q")
A = TypeVar("A")

MOST = 500  # questions that one call answers


class Together(Generic[Q, A]):
    """Gathers questions while the ones before them are being answered; waits for no more to come.

    `answer` gives an answer or an error for each question, in order. With one caller at a time it is a call in a thread
    like any other; the more ask at once, the more share a transaction.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Sequence[A | Exception]], limiter: CapacityLimiter) -> None:
        self._answer = answer
        self._limiter = limiter
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer. Raises what `answer` says of this question, or what it raises itself."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        """Until nobody waits: there is no moment between the last look and going home, so nobody is forgotten."""
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            questions = [question for question, _ in batch]
            answers: Sequence[A | Exception]
            try:
                answers = await to_thread.run_sync(self._answer, questions, limiter=self._limiter)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is theirs who asked
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                _tell(future, answer)
        self._working = None


def _tell(future: "asyncio.Future[A]", answer: A | Exception) -> None:
    with suppress(asyncio.InvalidStateError):  # who asked has gone
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
