"""Jobs, by what they are; as a table, and as a file for a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

from arxos.api.console.rendering import page, with_query
from arxos.api.console.routing import console_router
from arxos.api.console.since import read_since
from arxos.api.console.visitors import Looker, Visitor
from arxos.api.paging import as_place, cursor_at
from arxos.api.until_ended import EndedError, until_ended
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.ledger import JobFilter, Page
from arxos.domain.jobs.listing import Place
from arxos.tasks.queues import POOL_OF

SHOWN = 50
MOST_ROWS = 10_000  # of a file
AT_ONCE = 1_000
COLUMNS = (
    "id",
    "kind",
    "queue",
    "state",
    "attempt",
    "created_at",
    "started_at",
    "finished_at",
    "submitted_by",
    "error",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so

router = console_router("/jobs")
Text = Annotated[str | None, Query(max_length=200)]
Fields = dict[str, str | None]


async def _asked(
    state: Text = None,
    kind: Text = None,
    queue: Text = None,
    submitter: Text = None,
    building_id: Text = None,
    error: Text = None,
    since: Text = None,
) -> Fields:
    """The filter, as the address has it."""
    names = ("state", "kind", "queue", "submitter", "building_id", "error", "since")
    return dict(zip(names, (state, kind, queue, submitter, building_id, error, since), strict=True))


Asked = Annotated[Fields, Depends(_asked)]


@router.get("")
async def show(
    request: Request,
    runtime: Served,
    visitor: Looker,
    asked: Asked,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """The newest first, those that fit."""
    which = _filter(asked)
    before = as_place(cursor)
    found = await in_thread(request, _find, runtime, which, SHOWN, before)
    older = with_query("/console/jobs", **asked, cursor=cursor_at(*found.cursor)) if found.cursor else None
    return page(
        request,
        visitor,
        "jobs.html",
        jobs=found.jobs,
        older=older,
        asked=asked,
        states=list(JobState),
        kinds=list(runtime.kinds),
        queues=list(POOL_OF),
        spreadsheet=with_query("/console/jobs/jobs.csv", **asked),
        filtered=any(asked.values()),
    )


@router.get("/jobs.csv")
async def spreadsheet(request: Request, runtime: Served, visitor: Looker, asked: Asked) -> Response:
    """The same as a file, at most 10,000 rows."""
    rows = _while_signed_in(request, visitor, iterate_in_threadpool(_rows(runtime, _filter(asked))))
    headers = {"Content-Disposition": 'attachment; filename="jobs.csv"'}
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


async def _while_signed_in(request: Request, visitor: Visitor, rows: AsyncIterator[str]) -> AsyncIterator[str]:
    """However slowly somebody reads them, rows end with their session; the file says that it is not whole."""
    try:
        async for row in until_ended(request, visitor.caller.claims, rows):
            yield row
    except EndedError as error:
        yield _line((f"not all jobs are here: {error}",))


def _filter(asked: Fields) -> JobFilter:
    """Raises InvalidError naming the field."""
    try:
        state = JobState(asked["state"]) if asked["state"] else None
        building_id = UUID(asked["building_id"]) if asked["building_id"] else None
    except ValueError as error:
        raise InvalidError(f"filter: {error}") from error
    return JobFilter(
        state=state,
        kind=asked["kind"] or None,
        queue=asked["queue"] or None,
        building_id=building_id,
        submitted_by=asked["submitter"] or None,
        error=asked["error"] or None,
        since=read_since(asked["since"]),
    )


def _find(runtime: Runtime, which: JobFilter, limit: int, before: Place | None) -> Page:
    with runtime.ports.unit_of_work() as uow:
        return uow.jobs.find(which, limit=limit, before=before)


def _rows(runtime: Runtime, which: JobFilter) -> Iterator[str]:
    yield _line(COLUMNS)
    before: Place | None = None
    for _ in range(MOST_ROWS // AT_ONCE):
        found = _find(runtime, which, AT_ONCE, before)
        yield "".join(map(_row, found.jobs))
        before = found.cursor
        if before is None:
            return


def _row(job: Job) -> str:
    error = f"{job.error_type}: {job.error_message}" if job.error_type else ""
    moments = (job.created_at, job.started_at, job.finished_at)
    times = [moment.isoformat() if moment else "" for moment in moments]
    return _line((job.id, job.kind, job.queue, job.state, job.attempt, *times, job.submitted_by or "", error))


def _line(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([inert(str(cell)) for cell in cells])
    return line.getvalue()


def inert(cell: str) -> str:
    """What a spreadsheet would take for a formula gets a mark before it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
