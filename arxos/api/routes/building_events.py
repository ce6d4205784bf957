"""A building as it changes: server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from time import monotonic
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from arxos.api.access import Reader
from arxos.api.event_streams import KEEPALIVE_S, event_stream
from arxos.api.problems import documented
from arxos.api.routes.buildings import BuildingId
from arxos.api.schemas.health import BuildingHealthView
from arxos.api.schemas.jobs import JobView
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import NotFoundError, TransientError
from arxos.domain.health.report import HealthReport
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
async def events(building_id: BuildingId, request: Request, runtime: Served, caller: Reader) -> Response:
    """An event `building` for every change of it, `health` for every change of its health, `job` for one of a job's.

    Where the token ends, the last event is `end`, with the reason. After some minutes it is `again`: readers come
    again, as browsers do by themselves.
    """
    first = await in_thread(request, _look, runtime, building_id)
    return event_stream(request, caller, _told(request, runtime, building_id, first))


Seen = tuple[int, tuple[Job, ...], HealthReport | None]  # the building's version, its latest jobs, how it is


def _look(runtime: Runtime, building_id: UUID) -> Seen:
    with runtime.ports.unit_of_work() as uow:
        version = uow.buildings.get(building_id).version
        jobs = uow.jobs.find(JobFilter(building_id=building_id), limit=JOBS).jobs
        return version, jobs, uow.health.report(building_id)


async def _told(request: Request, runtime: Runtime, building_id: UUID, seen: Seen) -> AsyncIterator[bytes]:
    known, quiet_since = dict[object, object](), monotonic()
    while True:
        news = []
        for what, mark, event in _events(building_id, seen):
            if known.get(what) != mark:
                known[what] = mark
                news.append(event())
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


def _events(building_id: UUID, seen: Seen) -> Iterator[tuple[object, object, Callable[[], bytes]]]:
    """What there is to tell: of what, in which state, and how it is told where that state is a new one."""
    version, jobs, report = seen
    yield "building", version, partial(_event, "building", {"id": str(building_id), "version": version})
    if report is not None:
        view = BuildingHealthView.of(building_id, report)
        yield "health", report.changed_at, partial(_event, "health", view.model_dump(mode="json"))
    for job in reversed(jobs):
        mark = job.attempt, job.state, job.progress, job.progress_note
        yield job.id, mark, partial(_told_of, job)


def _told_of(job: Job) -> bytes:
    return format_sse_event(event="job", data_str=JobView.of(job).model_dump_json())


def _event(name: str, data: dict[str, object]) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data))
