"""One job: its life, why it is where it is, and what can be done about it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Request, Response

from arxos.api.console.rendering import HEADERS, done, page
from arxos.api.console.routing import console_router
from arxos.api.console.timeline import timeline
from arxos.api.console.visitors import ActingCanceller, ActingDiscarder, ActingRedriver, Looker, Visitor
from arxos.api.console.words import pretty
from arxos.api.drawings import answered
from arxos.api.problems import Refusal
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.access import Permission
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.graph import Graph
from arxos.domain.jobs.graph_svg import draw
from arxos.domain.jobs.job import FINAL, Job, JobState
from arxos.domain.jobs.submitter import is_own
from arxos.domain.ports import UnitOfWork
from arxos.tasks.authorization import authorized_edit
from arxos.tasks.queues import POOL_OF

LARGEST = 20_000  # characters of a payload or result that are shown
RELATED = 50  # jobs of its workflow that are listed
DRAWN = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

router = console_router("/jobs")
Reason = Annotated[str, Form(max_length=1000)]


@router.get("/{job_id:uuid}")
async def show(job_id: UUID, request: Request, runtime: Served, visitor: Looker) -> Response:
    """Everything about it."""
    return await _shown(request, runtime, visitor, job_id)


@router.get("/{job_id:uuid}/graph.svg")
async def graph(job_id: UUID, request: Request, runtime: Served, _: Looker) -> Response:
    """The workflow around it, drawn."""

    def look() -> bytes:
        with runtime.ports.unit_of_work() as uow:
            return draw(uow.jobs.graph(job_id)).encode()

    drawn = await answered(request, job_id, look)
    drawn.headers.update(HEADERS | {"Content-Security-Policy": DRAWN})
    return drawn


@router.post("/{job_id:uuid}/cancel")
async def cancel(
    job_id: UUID, request: Request, runtime: Served, visitor: ActingCanceller, reason: Reason = ""
) -> Response:
    """A waiting job never starts, a running one is told."""
    by = visitor.operator(reason)

    def act(uow: UnitOfWork) -> None:
        _own(uow, job_id, visitor)
        uow.jobs.cancel(job_id, by.name, by.reason or "no longer wanted")

    await in_thread(request, _do, runtime, act)
    return done(f"/console/jobs/{job_id}", "The job is cancelled, or told to stop.")


@router.post("/{job_id:uuid}/retry")
async def retry(job_id: UUID, request: Request, runtime: Served, visitor: ActingCanceller) -> Response:
    """Try a waiting job now."""

    def act(uow: UnitOfWork) -> None:
        _own(uow, job_id, visitor)
        uow.desk.retry(job_id, visitor.operator())

    await in_thread(request, _do, runtime, act)
    return done(f"/console/jobs/{job_id}", "The job is due now.")


@router.post("/{job_id:uuid}/redrive")
async def redrive(
    job_id: UUID,
    request: Request,
    runtime: Served,
    visitor: ActingRedriver,
    *,
    reason: Reason = "",
    payload: Annotated[str, Form(max_length=1_000_000)] = "",
    drop_deadline: Annotated[bool, Form()] = False,
) -> Response:
    """Send a dead job round again; a payload that does not fit comes back with what is wrong."""

    def act(uow: UnitOfWork) -> None:
        job = uow.jobs.get(job_id)
        new = _read(payload) if payload.strip() else dict(job.payload)
        who = visitor.caller.submitter
        edit = authorized_edit(runtime.kinds, job.kind, new, who) if new != job.payload else None
        uow.desk.redrive(job_id, visitor.operator(reason), edit=edit, drop_deadline=drop_deadline)

    try:
        await in_thread(request, _do, runtime, act)
    except InvalidError as error:
        return await _shown(request, runtime, visitor, job_id, typed=payload, wrong=str(error), status=422)
    return done(f"/console/jobs/{job_id}", "The job goes round again.")


@router.post("/{job_id:uuid}/discard")
async def discard(
    job_id: UUID, request: Request, runtime: Served, visitor: ActingDiscarder, reason: Reason = ""
) -> Response:
    """Close a dead job for good."""
    by = visitor.operator(reason)
    await in_thread(request, _do, runtime, lambda uow: uow.desk.discard(job_id, by))
    return done(f"/console/jobs/{job_id}", "The job is closed.")


async def _shown(
    request: Request,
    runtime: Runtime,
    visitor: Visitor,
    job_id: UUID,
    *,
    typed: str | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> Response:
    def look() -> tuple[Job, str, Graph]:
        with runtime.ports.unit_of_work() as uow:
            seen = uow.jobs.snapshot(job_id, runtime.settings.lease_s, runtime.settings.republish_s)
            return uow.jobs.get(job_id), explain(seen, POOL_OF), uow.jobs.graph(job_id, RELATED + 1)

    job, why, around = await in_thread(request, look)
    own = is_own(job, visitor.caller.subject)
    return page(
        request,
        visitor,
        "job.html",
        status,
        job=job,
        why=why,
        timeline=timeline(job, datetime.now(UTC)),
        related=[node for node in around.nodes if node.id != job.id][:RELATED],
        over=job.state in FINAL,
        waiting=job.state in (JobState.QUEUED, JobState.RETRYABLE),
        cancellable=job.state not in FINAL and (own or visitor.may(Permission.CANCEL)),
        payload=_cut(pretty(job.payload)),
        original=None if job.original_payload is None else _cut(pretty(job.original_payload)),
        result=None if job.result is None else _cut(pretty(job.result)),
        typed=typed if typed is not None else pretty(job.payload),
        wrong=wrong,
    )


def _own(uow: UnitOfWork, job_id: UUID, visitor: Visitor) -> None:
    """Raises Refusal (403) for another's job, unless the role may act on anybody's."""
    if not visitor.may(Permission.CANCEL) and not is_own(uow.jobs.get(job_id), visitor.caller.subject):
        raise Refusal(403, f"{visitor.caller.role} may act on own jobs only")


def _do(runtime: Runtime, act: Callable[[UnitOfWork], None]) -> None:
    with runtime.ports.unit_of_work() as uow:
        act(uow)
        uow.commit()


def _read(payload: str) -> dict[str, Any]:
    try:
        read = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"payload: not JSON: {error}") from error
    if not isinstance(read, dict):
        raise InvalidError("payload: must be a JSON object")
    return read


def _cut(text: str) -> str:
    return text if len(text) <= LARGEST else f"{text[:LARGEST]}\n… {len(text) - LARGEST:,} characters more"
