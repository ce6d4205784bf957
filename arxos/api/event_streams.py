"""Server-sent events, told for as long as the token counts that asked for them."""

import json
from collections.abc import AsyncIterator

from fastapi import Request, Response
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse

from arxos.api.until_ended import EndedError, until_ended
from arxos.app.access import Caller

KEEPALIVE_S = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event_stream(request: Request, caller: Caller, events: AsyncIterator[bytes]) -> Response:
    """The events, until they are over or the caller's token is."""
    told = _told(request, caller, events)
    return StreamingResponse(told, media_type="text/event-stream", headers=HEADERS)


async def _told(request: Request, caller: Caller, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for event in until_ended(request, caller.claims, events):
            yield event
    except EndedError as error:
        yield format_sse_event(event="end", data_str=json.dumps({"reason": f"the token is not valid: {error}"}))
