"""A building's models: handed in, listed, and what checks found in them."""

from typing import Annotated, Any
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Query, Request, Response

from arxos.api.access import Reader, Writer
from arxos.api.answers import answers_of
from arxos.api.identity import request_id
from arxos.api.paging import Cursor, Limit, as_number, cursor_at, link_next, place_of
from arxos.api.problems import documented
from arxos.api.routes.buildings import BuildingId
from arxos.api.routes.webhooks import own
from arxos.api.schemas.models import FindingList, FindingView, ModelList, ModelReceived, ModelView
from arxos.api.uploads import Announced, Incoming, announced
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.receive_model import Received, checked_name, receive_model
from arxos.domain.buildings.repository import BuildingRepository, FindingPage
from arxos.domain.events import Sender
from arxos.domain.jobs.backlog import refuse_if_full
from arxos.tasks.reactions import OF_A_MODEL, WARM

router = APIRouter(prefix="/api/buildings/{building_id}", tags=["buildings"])

AT_ONCE = 16  # uploads that one process takes in: each has a thread
COME_AGAIN_S = 5
FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "the file as it is",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put(
    "/model",
    status_code=202,
    summary="Hand in a model",
    responses=documented(404, 408, 413, 415),
    openapi_extra=FILE,
)
async def put(
    building_id: BuildingId,
    request: Request,
    runtime: Served,
    caller: Writer,
    *,
    filename: Annotated[
        str | None,
        Query(
            max_length=255, description="the file's name, unless Content-Disposition says it", examples=["tower.ifc"]
        ),
    ] = None,
    webhook_id: Annotated[UUID | None, Query(description="a webhook to tell of the end of each of its jobs")] = None,
    content_disposition: Annotated[
        str | None, Header(description="the file's name (RFC 6266)", examples=['attachment; filename="tower.ifc"'])
    ] = None,
    content_digest: Annotated[
        str | None,
        Header(description="SHA-256 of the file (RFC 9530), also as Repr-Digest: what came differently is refused"),
    ] = None,
) -> ModelReceived:
    """The building's next revision: its jobs validate it, index its geometry, and warm the cache.

    The same bytes as the newest revision's are that revision, and make no jobs. The file is stored while it comes in;
    of what is refused, or breaks off, nothing stays.
    """
    del content_disposition, content_digest  # here for the documentation: read with all other headers
    file = announced(request.headers, filename, runtime.settings.model_limit_mb << 20)
    await in_thread(request, _refuse_early, runtime, building_id, file)
    if webhook_id is not None:
        await in_thread(request, own, runtime, webhook_id, caller)
    sender = Sender(caller.subject, request_id() or None, webhook_id, caller.submitter.principal)
    chunks = Incoming(request, caller.claims, runtime.settings.model_limit_mb << 20, file.digest)
    received = await _take_in(request, runtime, building_id, file.filename, chunks, sender)
    answers_of(request).forget(building_id)

    def jobs() -> Any:
        with runtime.ports.unit_of_work() as uow:
            return uow.jobs.of_model(received.model_id)

    return ModelReceived.of(received, await in_thread(request, jobs))


@router.get("/models", summary="List a building's models", responses=documented(404))
async def models(
    building_id: BuildingId,
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ModelList:
    """All its revisions, newest first."""
    (before,) = place_of(cursor, as_number) or (None,)

    def read() -> tuple[Any, UUID | None]:
        with runtime.ports.unit_of_work() as uow:
            uow.buildings.get(building_id)
            index = uow.buildings.index(building_id)
            found = uow.buildings.models(building_id, before=before, limit=limit + 1)
            return found, None if index is None else index.model.id

    found, indexed = await in_thread(request, read)
    next_cursor = cursor_at(found[limit - 1].revision) if len(found) > limit else None
    link_next(request, response, next_cursor)
    return ModelList(items=[ModelView.of(one, indexed) for one in found[:limit]], next_cursor=next_cursor)


@router.get("/findings", summary="Read what checks found", responses=documented(404))
async def findings(
    building_id: BuildingId,
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    severity: Annotated[Severity | None, Query(description="only so bad ones")] = None,
    rule: Annotated[str | None, Query(max_length=100, description="of this rule only", examples=["SPS001"])] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> FindingList:
    """The report on the model in the spatial index, or on the newest while none is.

    A cursor stays with the report that it began with, also when a newer model comes in.
    """
    model_id, after = place_of(cursor, UUID, as_number) or (None, None)

    def read() -> tuple[UUID | None, FindingPage]:
        with runtime.ports.unit_of_work() as uow:
            uow.buildings.get(building_id)
            about = model_id or _current(uow.buildings, building_id)
            if about is None:
                return None, FindingPage((), None)
            page = uow.buildings.findings(about, severity=severity, rule=rule, after=after, limit=limit)
            return about, page

    about, page = await in_thread(request, read)
    next_cursor = None if page.last is None else cursor_at(about, page.last)
    link_next(request, response, next_cursor)
    return FindingList(model_id=about, items=[FindingView.of(one) for one in page.items], next_cursor=next_cursor)


def _current(buildings: BuildingRepository, building_id: UUID) -> UUID | None:
    index = buildings.index(building_id)
    model = index.model if index is not None else buildings.latest_model(building_id)
    return None if model is None else model.id


def _refuse_early(runtime: Runtime, building_id: UUID, file: Announced) -> None:
    """Before the bytes are taken in. Raises InvalidError, NotFoundError, OverloadedError."""
    checked_name(runtime.ports.readers, file.filename)
    queues = sorted({runtime.kinds[kind].queue for kind in (*OF_A_MODEL, WARM)})
    with runtime.ports.unit_of_work() as uow:
        uow.buildings.get(building_id)
        refuse_if_full(uow, queues, runtime.settings.backlog_limit)


async def _take_in(
    request: Request, runtime: Runtime, building_id: UUID, filename: str, chunks: Incoming, sender: Sender
) -> Received:
    """Store the body, in a thread of its own kind: slow senders must not keep everybody else waiting."""
    threads: CapacityLimiter = request.app.state.uploads
    request.app.state.upload_shares.take(request.state.held, request.state.owners)
    limit = runtime.settings.model_limit_mb << 20

    def store() -> Received:
        return receive_model(runtime.ports, building_id, chunks, filename=filename, limit_bytes=limit, sender=sender)

    return await to_thread.run_sync(store, limiter=threads)
