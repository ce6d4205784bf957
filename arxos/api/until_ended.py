"""What takes long ends with what opened it: its token's end, a revocation, a withdrawn key."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from fastapi import Request

from arxos.api.callers import known_to
from arxos.app.claims import Claims

LOOK_S = 1.0  # how often it is looked

T = TypeVar("T")


class EndedError(Exception):
    """What opened this is over; the message says why."""


async def until_ended(request: Request, claims: Claims, parts: AsyncIterator[T]) -> AsyncIterator[T]:
    """The parts of a long answer or body, as they come. Raises EndedError within seconds, also while none comes."""
    callers = known_to(request)
    following: asyncio.Future[T] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(anext(parts))
            await asyncio.wait({following}, timeout=LOOK_S)
            if (why := callers.why_ended(claims)) is not None:
                raise EndedError(why)
            if following.done():
                try:
                    part = following.result()
                except StopAsyncIteration:
                    return
                following = None
                yield part
    finally:
        if following is not None:  # it must not outlive who asked for it
            following.cancel()
            await asyncio.wait({following})
            following.cancelled() or following.exception()
