"""Buildings: added, listed, read, changed, taken away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query, Request, Response

from arxos.api.access import Deleter, Reader, Writer
from arxos.api.answers import answers_of
from arxos.api.conditions import IfMatch, IfNoneMatch, has_seen, version_tag, versions_seen
from arxos.api.paging import Cursor, Limit, as_place, cursor_at, link_next
from arxos.api.problems import FieldError, Refusal, documented
from arxos.api.schemas.buildings import BuildingChange, BuildingList, BuildingView, NewBuilding
from arxos.api.working import Served, in_thread
from arxos.app.removal import take_away
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.create_building import create_building
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.buildings.update_building import update_building
from arxos.domain.errors import InvalidBuildingError, InvalidTransitionError

router = APIRouter(prefix="/api/buildings", tags=["buildings"])

BuildingId = Annotated[UUID, Path(description="the building's id", examples=["0192f3c8-0000-7000-8000-000000000000"])]
TAG: dict[str, Any] = {"ETag": {"description": "what `If-None-Match` names", "schema": {"type": "string"}}}
TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": TAG}}
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "the caller has this answer already"}}


@router.post(
    "",
    status_code=201,
    summary="Add a building",
    responses={201: {"headers": TAG | {"Location": {"description": "the new building", "schema": {"type": "string"}}}}},
)
async def add(building: NewBuilding, request: Request, response: Response, runtime: Served, _: Writer) -> BuildingView:
    """Names and addresses are kept as they came; what is no postal address is refused, naming the part."""
    with _naming_fields():
        added = await in_thread(
            request, create_building, runtime.ports.unit_of_work, uuid4(),
            name=building.name, address=building.address, status=building.status,
        )  # fmt: skip
    response.headers["Location"] = f"{router.prefix}/{added.id}"
    return _shown(added, response)


@router.get("", summary="List buildings")
async def list_(
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    status: Annotated[BuildingStatus | None, Query(description="in this stage only")] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="a part of name or address, in any case", examples=["quay"])
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BuildingList:
    """Newest first."""
    before = as_place(cursor)

    def read() -> Any:
        with runtime.ports.unit_of_work() as uow:
            return uow.buildings.list(status=status, q=q, before=before, limit=limit)

    page = await in_thread(request, read)
    following = cursor_at(*page.last) if page.last else None
    link_next(request, response, following)
    return BuildingList(items=[BuildingView.of(one) for one in page.items], next_cursor=following)


@router.get(
    "/{building_id}",
    summary="Read a building",
    response_model=BuildingView,
    responses=TAGGED | UNCHANGED | documented(404),
)
async def get(
    building_id: BuildingId,
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    if_none_match: IfNoneMatch = None,
) -> BuildingView | Response:
    """Its summary, floors, models and findings are calls of their own."""

    def read() -> Building:
        with runtime.ports.unit_of_work() as uow:
            return uow.buildings.get(building_id)

    building = await in_thread(request, read)
    if has_seen(if_none_match, tag := version_tag(building.version)):
        return Response(status_code=304, headers={"ETag": tag} | FRESH)
    return _shown(building, response)


@router.patch(
    "/{building_id}",
    summary="Change a building's name, address or stage",
    responses=TAGGED | documented(404, 409, 412),
)
async def change(
    building_id: BuildingId,
    changes: BuildingChange,
    request: Request,
    response: Response,
    runtime: Served,
    _: Writer,
    if_match: IfMatch = None,
) -> BuildingView:
    """All of it or nothing. With `If-Match` only where the building is still at that version."""
    with _naming_fields():
        changed = await in_thread(
            request, update_building, runtime.ports.unit_of_work, building_id,
            **changes.model_dump(exclude_unset=True), seen=versions_seen(if_match),
        )  # fmt: skip
    answers_of(request).forget(building_id)
    return _shown(changed, response)


@router.delete(
    "/{building_id}",
    status_code=204,
    summary="Take a building away",
    responses=documented(404, 412),
)
async def remove(
    building_id: BuildingId, request: Request, runtime: Served, caller: Deleter, if_match: IfMatch = None
) -> None:
    """With its models, reports and index, for good; its jobs are cancelled. Who did it is recorded."""
    source = f"http@{request.client.host}" if request.client else "http"
    await in_thread(
        request, take_away, runtime.ports.unit_of_work, building_id,
        by=caller.subject, source=source, seen=versions_seen(if_match),
    )  # fmt: skip
    answers_of(request).forget(building_id)


FRESH = {"Cache-Control": "private, no-cache"}  # to be kept by the caller alone, and asked for again each time


def _shown(building: Building, response: Response) -> BuildingView:
    response.headers.update({"ETag": version_tag(building.version)} | FRESH)
    return BuildingView.of(building)


@contextmanager
def _naming_fields() -> Iterator[None]:
    """The domain's refusals begin with the field: ``address.city: missing``."""
    try:
        yield
    except InvalidBuildingError as error:
        field, _, message = str(error).partition(": ")
        if isinstance(error, InvalidTransitionError):
            field, message = "status", str(error)
        raise Refusal(422, str(error), errors=[FieldError(field=field, message=message)]) from error
