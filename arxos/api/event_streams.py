"""Server-sent events: each caller has a share of the streams, and each stream lasts for some minutes.

It is told for as long as the token counts that asked for it. A stream that ends tells its reader to come again, as
EventSource does by itself: so streams move to processes that are new or less busy, and none outlives a deploy. Readers
come again at different times, not all at once.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from random import SystemRandom

from fastapi import Request, Response
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse

from arxos.api.until_ended import EndedError, until_ended
from arxos.app.access import Caller

KEEPALIVE_S = 15.0
LOOK_S = 0.25  # how often it is looked whether the stream is to end
RETRY_MS = (1_000, 5_000)  # when a reader comes again
SPREAD = 0.2  # of a stream's duration, more or less
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_random = SystemRandom()


def event_stream(request: Request, caller: Caller, events: AsyncIterator[bytes]) -> Response:
    """The events, until they are over or the caller's token is, or for some minutes.

    Raises Refusal (429, 503) where there are too many streams.
    """
    request.app.state.stream_shares.take(request.state.held, request.state.owners)
    told = for_a_while(request, _while_known(request, caller, events), request.app.state.runtime.settings.stream_s)
    return StreamingResponse(told, media_type="text/event-stream", headers=HEADERS)


async def _while_known(request: Request, caller: Caller, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for event in until_ended(request, caller.claims, events):
            yield event
    except EndedError as error:
        yield format_sse_event(event="end", data_str=json.dumps({"reason": f"the token is not valid: {error}"}))


async def for_a_while(request: Request, events: AsyncIterator[bytes], about_s: float) -> AsyncIterator[bytes]:
    """The events as they come; then one `again`, with the reason. `about_s`: seconds, give or take a fifth."""
    until = asyncio.get_running_loop().time() + about_s * _random.uniform(1 - SPREAD, 1 + SPREAD)
    retry = f"retry: {_random.randint(*RETRY_MS)}\n\n".encode()  # the last field of the first event
    following: asyncio.Future[bytes] | None = None
    try:
        while (reason := _over(request, until)) is None:
            following = following or asyncio.ensure_future(_next(events))
            await asyncio.wait({following}, timeout=LOOK_S)
            if following.done():
                if not (event := following.result()):
                    return
                following = None
                yield event[:-1] + retry if retry else event
                retry = b""
        yield format_sse_event(event="again", data_str=json.dumps({"reason": reason}))
    finally:
        if following is not None:
            following.cancel()
            await asyncio.wait({following})


async def _next(events: AsyncIterator[bytes]) -> bytes:
    """The next one; empty at the end."""
    return await anext(events, b"")


def _over(request: Request, until: float) -> str | None:
    """Why the stream is to end now."""
    ending: asyncio.Event | None = getattr(request.state, "ending", None)
    if ending is not None and ending.is_set():
        return "this process ends: come again"
    if asyncio.get_running_loop().time() >= until:
        return "streams last for some minutes: come again"
    return None
