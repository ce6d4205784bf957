"""Where things stand: a building's spaces and elements."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from arxos.api.access import Reader
from arxos.api.paging import Cursor, Limit, as_text, cursor_at, link_next, place_of
from arxos.api.problems import FieldError, Refusal, documented
from arxos.api.routes.buildings import BuildingId
from arxos.api.schemas.places import ElementList, ElementView, SpaceList, SpaceView
from arxos.api.working import Served, in_thread
from arxos.domain.buildings.box import box_of
from arxos.domain.buildings.repository import ElementQuery
from arxos.domain.buildings.spatial_index import Element, Space
from arxos.domain.errors import InvalidError

router = APIRouter(prefix="/api/buildings/{building_id}", tags=["buildings"])

Numbers = Annotated[str | None, Query(max_length=200, description="numbers, separated by commas")]
OnFloor = Annotated[UUID | None, Query(description="on this floor only")]


@router.get("/spaces", summary="List a building's spaces", responses=documented(404))
async def spaces(
    building_id: BuildingId,
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    floor_id: OnFloor = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SpaceList:
    """By their global ids."""
    place = place_of(cursor, as_text, UUID)

    def read() -> tuple[Space, ...]:
        with runtime.ports.unit_of_work() as uow:
            uow.buildings.get(building_id)
            after = (str(place[0]), place[1]) if place else None
            return uow.buildings.space_page(building_id, floor_id=floor_id, after=after, limit=limit + 1)

    found = await in_thread(request, read)
    following = cursor_at(found[limit - 1].global_id, found[limit - 1].id) if len(found) > limit else None
    link_next(request, response, following)
    return SpaceList(items=[SpaceView.of(space) for space in found[:limit]], next_cursor=following)


@router.get("/elements", summary="What is where?", responses=documented(404))
async def elements(
    building_id: BuildingId,
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    at: Annotated[Numbers, Query(description="x,y or x,y,z: what covers this point", examples=["12.5,3.0,1.2"])] = None,
    bbox: Annotated[
        Numbers, Query(description="x0,y0,x1,y1 or x0,y0,z0,x1,y1,z1: what meets this box", examples=["0,0,10,10"])
    ] = None,
    near: Annotated[Numbers, Query(description="x,y,z: the nearest first", examples=["0,0,0"])] = None,
    ifc_class: Annotated[
        str | None, Query(max_length=100, description="of this class only", examples=["IfcDoor"])
    ] = None,
    floor_id: OnFloor = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ElementList:
    """Several parts narrow the answer together. Metres, in the model's own axes."""
    place = place_of(cursor, as_text, UUID)
    query = _query(at, bbox, near, ifc_class, floor_id, place, limit)

    def read() -> tuple[Element, ...]:
        with runtime.ports.unit_of_work() as uow:
            uow.buildings.get(building_id)
            return uow.buildings.elements(building_id, query)

    found = await in_thread(request, read)
    goes_on = len(found) > limit and query.near is None
    following = cursor_at(found[limit - 1].global_id, found[limit - 1].id) if goes_on else None
    link_next(request, response, following)
    return ElementList(items=[ElementView.of(element) for element in found[:limit]], next_cursor=following)


def _query(
    at: str | None,
    bbox: str | None,
    near: str | None,
    ifc_class: str | None,
    floor_id: UUID | None,
    place: tuple[object, ...] | None,
    limit: int,
) -> ElementQuery:
    point = _numbers("near", near, (3,))
    return ElementQuery(
        at=_numbers("at", at, (2, 3)),
        box=_numbers("bbox", bbox, (4, 6)),
        near=None if point is None else (point[0], point[1], point[2]),
        ifc_class=ifc_class,
        floor_id=floor_id,
        limit=limit + 1,
        after=None if place is None else (str(place[0]), UUID(str(place[1]))),
    )


def _numbers(name: str, given: str | None, sizes: tuple[int, ...]) -> tuple[float, ...] | None:
    """Raises Refusal (422) naming the parameter."""
    if given is None:
        return None
    try:
        numbers = tuple(_number(part) for part in given.split(","))
        box_of(numbers)  # finite, and no box runs backwards
    except (ValueError, InvalidError) as error:
        raise _wrong(name, str(error)) from error
    if len(numbers) not in sizes:
        raise _wrong(name, f"needs {' or '.join(map(str, sizes))} numbers, got {len(numbers)}")
    return numbers


def _number(text: str) -> float:
    if "_" in text:  # Python's own spelling
        raise ValueError(f"not a number: {text!r:.40}")
    return float(text)


def _wrong(name: str, words: str) -> Refusal:
    return Refusal(422, f"query.{name}: {words}", errors=[FieldError(field=f"query.{name}", message=words)])
