"""A building as it changes: server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from time import monotonic
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse

from arxos.api.access import Reader
from arxos.api.problems import documented
from arxos.api.routes.buildings import BuildingId
from arxos.api.routes.job_events import KEEPALIVE_S, STREAM
from arxos.api.schemas.jobs import JobView
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import NotFoundError, TransientError
from arxos.domain.jobs.job import Job
from arxos.domain.jobs.ledger import JobFilter

router = APIRouter(prefix="/api/buildings/{building_id}", tags=["buildings"])

LOOK_S = 0.5
JOBS = 20  # of the latest


@router.get(
    "/events",
    summary="Follow a building",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Until you go away"},
        **documented(404),
    },
)
async def events(building_id: BuildingId, request: Request, runtime: Served, _: Reader) -> Response:
    """An event `building` for every change of it, and an event `job` for every change of one of its latest jobs."""
    first = await in_thread(request, _look, runtime, building_id)
    return StreamingResponse(
        _told(request, runtime, building_id, first), media_type="text/event-stream", headers=STREAM
    )


Seen = tuple[int, tuple[Job, ...]]  # the building's version, and its latest jobs


def _look(runtime: Runtime, building_id: UUID) -> Seen:
    with runtime.ports.unit_of_work() as uow:
        version = uow.buildings.get(building_id).version
        return version, uow.jobs.find(JobFilter(building_id=building_id), limit=JOBS).jobs


async def _told(request: Request, runtime: Runtime, building_id: UUID, seen: Seen) -> AsyncIterator[bytes]:
    version, known, quiet_since = None, dict[UUID, str](), monotonic()
    while True:
        news = []
        if seen[0] != version:
            version = seen[0]
            news.append(_event("building", {"id": str(building_id), "version": version}))
        for job in reversed(seen[1]):
            if known.get(job.id) != (mark := f"{job.attempt} {job.state} {job.progress}"):
                known[job.id] = mark
                news.append(format_sse_event(event="job", data_str=JobView.of(job).model_dump_json()))
        if not news and monotonic() - quiet_since > KEEPALIVE_S:
            news.append(KEEPALIVE_COMMENT)
        for one in news:
            yield one
            quiet_since = monotonic()
        await asyncio.sleep(LOOK_S)
        try:
            seen = await in_thread(request, _look, runtime, building_id)
        except NotFoundError:
            yield _event("removed", {"id": str(building_id)})
            return
        except TransientError:
            continue  # it is told when the database is back


def _event(name: str, data: dict[str, object]) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data))
