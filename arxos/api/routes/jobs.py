"""Jobs: submitted, read, listed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from uuid6 import uuid7

from arxos.api.access import Reader, Submitter
from arxos.api.drawings import Drawings, answered
from arxos.api.gathered import read, submitted
from arxos.api.identity import request_id, traceparent
from arxos.api.large_bodies import LargeBodyRoute
from arxos.api.paging import Cursor, Limit, as_place, cursor_at, link_next
from arxos.api.problems import FieldError, Refusal, documented, fields_of, name_of, status_of
from arxos.api.schemas.jobs import Accepted, Batch, BatchAccepted, GraphView, JobList, JobSubmission, JobView, Why
from arxos.api.working import Served, in_thread
from arxos.app.access import Caller
from arxos.app.bootstrap import Runtime
from arxos.app.submitting import Asked, submit_all
from arxos.domain.errors import ArxosError, ForbiddenError, OfOneJob
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.graph import MOST_JOBS
from arxos.domain.jobs.graph_svg import draw
from arxos.domain.jobs.job import JobState, NewJob
from arxos.domain.jobs.ledger import JobFilter, Page
from arxos.tasks.authorization import authorized
from arxos.tasks.moments import Moment
from arxos.tasks.queues import POOL_OF
from arxos.tasks.request import JobRequest

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=LargeBodyRoute)

MOST_TOLD = 100  # jobs of a batch that do not fit, and are told of
JobId = Annotated[UUID, Path(description="the job's id", examples=["0192f3c8-0000-7000-8000-000000000000"])]
LOCATION: dict[str, Any] = {"Location": {"description": "the job", "schema": {"type": "string"}}}
CONFLICT: dict[int | str, dict[str, Any]] = documented(409)
CONFLICT[409]["description"] = "The id is another job's; or the key was used before, for another kind or payload"
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="the caller's name for the request: repeated with the same kind and payload, it gives the same job;"
        " with others, 409. Other callers' keys are others",
        examples=["order-1729"],
    ),
]


@router.post(
    "",
    status_code=202,
    summary="Submit a job",
    response_model=Accepted,
    responses={
        202: {"headers": LOCATION},
        200: {"model": Accepted, "headers": LOCATION, "description": "The caller has made this request before"},
        **documented(403, 404),
        **CONFLICT,
    },
)
async def submit(job: JobSubmission, request: Request, runtime: Served, caller: Submitter, key: Key = None) -> Response:
    """Accepted is what is committed: it reaches exactly one final state, whatever is killed meanwhile."""
    asked = job if key is None else job.model_copy(update={"idempotency_key": key})
    if request.state.body.is_large:
        new = await in_thread(request, _new, runtime, asked, caller)
    else:
        new = _new(runtime, asked, caller)
    done = await submitted(request, Asked(new, job.id is not None, caller.submitter))
    body = f'{{"id":"{done.id}","state":"{done.state}"}}'
    location = {"Location": f"{router.prefix}/{done.id}"}
    return Response(body, 202 if done.is_new else 200, headers=location, media_type="application/json")


@router.post(
    "/batch", status_code=202, summary="Submit many jobs, all or none", responses=documented(403, 404) | CONFLICT
)
async def submit_batch(batch: Batch, request: Request, runtime: Served, caller: Submitter) -> BatchAccepted:
    """Up to 10,000 in one transaction. Known keys give the jobs that exist. A refusal names each job: `jobs.17.…`."""

    def work() -> list[UUID]:
        jobs = _new_jobs(runtime, batch.jobs, caller)
        try:
            return submit_all(runtime, jobs, caller.submitter)
        except ArxosError as error:
            about = error.job_id if isinstance(error, OfOneJob) else None
            place = next((number for number, job in enumerate(jobs) if job.id == about), None)
            if place is None:
                raise
            words, called = f"jobs.{place}: {error}", name_of(error)
            raise Refusal(status_of(error), words, errors=_at(place, error), called=called) from error

    return BatchAccepted(ids=await in_thread(request, work))


@router.get("", summary="List jobs")
async def list_(
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    state: Annotated[JobState | None, Query(description="in this state only")] = None,
    kind: Annotated[str | None, Query(max_length=200, description="of this kind", examples=["probe.noop"])] = None,
    queue: Annotated[str | None, Query(max_length=200, description="of this queue", examples=["geometry"])] = None,
    building_id: Annotated[UUID | None, Query(description="of this building")] = None,
    submitted_by: Annotated[str | None, Query(max_length=200, description="asked for by this one")] = None,
    error: Annotated[str | None, Query(max_length=200, description="whose error contains this text")] = None,
    fingerprint: Annotated[str | None, Query(max_length=64, description="of this group of errors")] = None,
    since: Annotated[Moment | None, Query(description="created then or later; with its zone")] = None,
    until: Annotated[Moment | None, Query(description="created before; with its zone")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> JobList:
    """Newest first, without their attempts."""
    which = JobFilter(state, kind, queue, building_id, submitted_by, error, fingerprint, since=since, until=until)
    before = as_place(cursor)

    def find() -> Page:
        with runtime.ports.unit_of_work() as uow:
            return uow.jobs.find(which, limit=limit, before=before)

    page = await in_thread(request, find)
    following = cursor_at(*page.cursor) if page.cursor else None
    link_next(request, response, following)
    return JobList.model_construct(items=[JobView.of(job) for job in page.jobs], next_cursor=following)


@router.get("/{job_id:uuid}", summary="Read a job", response_model=JobView, responses=documented(404))
async def get(job_id: JobId, request: Request, _: Reader) -> Response:
    """With every attempt that has ended, and what operators did to it."""
    job = await read(request, job_id)
    return Response(JobView.of(job).model_dump_json(), media_type="application/json")


@router.get("/{job_id:uuid}/why", summary="Why does a job not run?", responses=documented(404))
async def why(job_id: JobId, request: Request, runtime: Served, _: Reader) -> Why:
    """A sentence or two: what it waits for and what to do, or what it does, or what became of it."""

    def look() -> Why:
        with runtime.ports.unit_of_work() as uow:
            seen = uow.jobs.snapshot(job_id, runtime.settings.lease_s, runtime.settings.republish_s)
        return Why(id=job_id, state=seen.job.state, why=explain(seen, POOL_OF))

    return await in_thread(request, look)


@router.get(
    "/{job_id:uuid}/graph", summary="The workflow around a job", response_model=GraphView, responses=documented(404)
)
async def graph(
    job_id: JobId,
    request: Request,
    runtime: Served,
    _: Reader,
    limit: Annotated[int, Query(ge=1, le=MOST_JOBS, description="how many jobs at most, the nearest first")] = 2_000,
) -> Response:
    """All that it waits for and all that waits for it, of any degree; `cut` says whether there is more."""

    def look() -> bytes:
        with runtime.ports.unit_of_work() as uow:
            return GraphView.of(uow.jobs.graph(job_id, limit)).model_dump_json().encode()

    drawings: Drawings = request.app.state.drawings
    return Response(await drawings.make(look), media_type="application/json")


@router.get(
    "/{job_id:uuid}/graph.svg",
    summary="The workflow around a job, drawn",
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}, "description": "An SVG document"},
        **documented(404),
    },
)
async def graph_svg(job_id: JobId, request: Request, runtime: Served, _: Reader) -> Response:
    """Jobs that are alike are one box."""

    def look() -> bytes:
        with runtime.ports.unit_of_work() as uow:
            return draw(uow.jobs.graph(job_id)).encode()

    return await answered(request, job_id, look)


def _new_jobs(runtime: Runtime, requests: Sequence[JobRequest], caller: Caller) -> list[NewJob]:
    """Raises Refusal naming the places of the first that do not fit: ``jobs.17.payload.model_id``."""
    jobs: list[NewJob] = []
    wrong: list[tuple[int, ArxosError]] = []
    for place, one in enumerate(requests):
        try:
            jobs.append(_new(runtime, one, caller))
        except ArxosError as error:
            wrong.append((place, error))
        if len(wrong) == MOST_TOLD:
            break
    if wrong:
        told = "; ".join(f"jobs.{place}: {error}" for place, error in wrong[:3])
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        errors = [field for place, error in wrong for field in _at(place, error)]
        # What may not be done is said before what is wrong with it.
        status = 403 if any(isinstance(error, ForbiddenError) for _, error in wrong) else 422
        raise Refusal(status, told + more, errors=errors) from wrong[0][1]
    return jobs


def _at(place: int, error: ArxosError) -> list[FieldError]:
    fields = fields_of(error) or [FieldError(field="", message=str(error))]
    return [FieldError(field=f"jobs.{place}.{one.field}".rstrip("."), message=one.message) for one in fields]


def _new(runtime: Runtime, asked: JobRequest, caller: Caller) -> NewJob:
    """The job by its contract, in the caller's name. Raises as `authorized`."""
    job = authorized(runtime.kinds, asked, caller.submitter, job_id=asked.id or uuid7())
    return replace(job, request_id=request_id(), trace=traceparent())
