"""Answers that stay good for a moment: whoever asks again within it costs nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """One answer, made anew when it is older than `for_s`; who asks meanwhile waits for the same."""

    def __init__(self, make: Callable[[], Awaitable[T]], for_s: float) -> None:
        self._make = make
        self._for_s = for_s
        self._made_at = float("-inf")
        self._answer: T | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> T:
        """The answer. Raises what `make` raises."""
        async with self._lock:
            if self._answer is None or monotonic() - self._made_at > self._for_s:
                self._answer, self._made_at = await self._make(), monotonic()
            return self._answer
