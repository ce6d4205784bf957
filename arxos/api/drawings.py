"""Workflows drawn for readers: a picture is made once for all who ask within a moment, and few are made at a time."""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response

from arxos.api.conditions import content_tag, has_seen
from arxos.api.remembering import Remembered

AT_ONCE = 2  # of a process's threads, the rest of which answer what is quick
FOR_S = 2.0
MOST = 64  # pictures that are remembered


class Drawings:
    """Large answers about workflows, of one process."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(AT_ONCE)
        self._made: OrderedDict[UUID, Remembered[bytes]] = OrderedDict()

    async def make(self, work: Callable[[], bytes]) -> bytes:
        """What `work` returns, when it is its turn among the large ones."""
        return await to_thread.run_sync(work, limiter=self._limiter)

    async def picture(self, job_id: UUID, draw: Callable[[], bytes]) -> bytes:
        """The picture as it was within the last FOR_S seconds, or a new one. Raises what `draw` raises."""
        known = self._made.setdefault(job_id, Remembered(partial(self.make, draw), FOR_S))
        self._made.move_to_end(job_id)
        while len(self._made) > MOST:
            self._made.popitem(last=False)
        return await known.get()


async def answered(request: Request, job_id: UUID, draw: Callable[[], bytes]) -> Response:
    """The picture with its tag; 304 for a caller that has it."""
    drawings: Drawings = request.app.state.drawings
    body = await drawings.picture(job_id, draw)
    headers = {"ETag": content_tag(body), "Cache-Control": "private, no-cache"}
    if has_seen(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="image/svg+xml", headers=headers)
