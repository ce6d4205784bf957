"""A job's life as it happens: server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from arxos.api.access import Reader
from arxos.api.event_streams import KEEPALIVE_S, event_stream
from arxos.api.gathered import read
from arxos.api.problems import documented
from arxos.api.routes.jobs import JobId
from arxos.api.schemas.jobs import JobView
from arxos.domain.errors import NotFoundError, TransientError
from arxos.domain.jobs.job import FINAL, Job

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

LOOK_S = 0.25  # how late a change is told at most; who asks at the same moment is answered together
LastSeen = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=200, description="the last event that was seen")
]


@router.get(
    "/{job_id:uuid}/events",
    summary="Follow a job",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Until it is over"},
        **documented(404),
    },
)
async def events(job_id: JobId, request: Request, caller: Reader, last_seen: LastSeen = None) -> Response:
    """An event `job` with the whole job, now and at every change of state, attempt or progress, until it is over.

    With `Last-Event-ID` what was seen is not told again. Comments keep the connection open. Where the token ends
    first, the last event is `end`, with the reason.
    After some minutes it is `again`: readers come again, as browsers do by themselves.
    """
    job = await read(request, job_id)
    return event_stream(request, caller, _told(request, job, last_seen))


async def _told(request: Request, job: Job, seen: str | None) -> AsyncIterator[bytes]:
    quiet_since = monotonic()
    while True:
        if (mark := _mark(job)) != seen:
            yield format_sse_event(event="job", id=mark, data_str=JobView.of(job).model_dump_json())
            seen, quiet_since = mark, monotonic()
        if job.state in FINAL:
            return
        if monotonic() - quiet_since > KEEPALIVE_S:
            yield KEEPALIVE_COMMENT
            quiet_since = monotonic()
        await asyncio.sleep(LOOK_S)
        try:
            job = await read(request, job.id)
        except NotFoundError:
            return
        except TransientError:
            continue  # it is told when the database is back


def _mark(job: Job) -> str:
    """Another one for whatever is worth an event."""
    done = "" if job.progress is None else f"{job.progress:.4f}"
    return f"{job.redriven}.{job.attempt}.{len(job.attempts)}.{job.state}.{done}.{job.progress_note}"
