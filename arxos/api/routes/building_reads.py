"""What readers of a building ask for most: answered from memory, from Redis, or computed."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from arxos.api.access import Reader
from arxos.api.answers import Answer, Prepared, answers_of
from arxos.api.conditions import IfNoneMatch, has_seen
from arxos.api.problems import documented
from arxos.api.routes.buildings import TAG, TAGGED, UNCHANGED, BuildingId
from arxos.api.schemas.places import FloorList
from arxos.api.schemas.summaries import SummaryView
from arxos.api.working import Served, in_thread
from arxos.domain.buildings.warm_cache import PlanFormat, read_floors, read_plan, read_summary

router = APIRouter(prefix="/api/buildings/{building_id}", tags=["buildings"])

JSON, GEOJSON, SVG = "application/json", "application/geo+json", "image/svg+xml"
# A drawing brings its own style sheet, and nothing else: no script runs in it, wherever it is opened.
DRAWN = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox")

FloorId = Annotated[
    str,
    Path(
        max_length=300,
        description="the floor's id or global id, or its name where only one has it",
        examples=["0192f3c8-0000-7000-8000-000000000000"],
    ),
]


@router.get(
    "/summary",
    summary="Read a building at a glance",
    response_model=SummaryView,
    responses=TAGGED | UNCHANGED | documented(404),
)
async def summary(
    building_id: BuildingId, request: Request, runtime: Served, _: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """Its model, floors, areas, elements by class, findings by severity and rule, and where it stands."""

    def read() -> Answer:
        return Answer.of(read_summary(runtime.ports, building_id), JSON)

    return await _kept(request, building_id, "summary", read, if_none_match)


@router.get(
    "/floors",
    summary="List a building's floors",
    response_model=FloorList,
    responses=TAGGED | UNCHANGED | documented(404),
)
async def floors(
    building_id: BuildingId, request: Request, runtime: Served, _: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """The lowest first, those without a level last."""

    def read() -> Answer:
        return Answer.of(read_floors(runtime.ports, building_id), JSON)

    return await _kept(request, building_id, "floors", read, if_none_match)


@router.get(
    "/floors/{floor_id}/plan.svg",
    summary="Draw a floor",
    response_class=Response,
    responses={
        200: {"headers": TAG, "content": {SVG: {"schema": {"type": "string"}}}, "description": "An SVG document"}
    }
    | UNCHANGED
    | documented(404),
)
async def drawing(
    building_id: BuildingId,
    floor_id: FloorId,
    request: Request,
    runtime: Served,
    _: Reader,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """An SVG document with the floor's rooms, walls, doors and findings; light or dark as the reader prefers."""

    def read() -> Answer:
        return Answer.of(read_plan(runtime.ports, building_id, floor_id, PlanFormat.SVG), SVG, DRAWN)

    return await _kept(request, building_id, f"plan.svg {floor_id}", read, if_none_match)


@router.get(
    "/floors/{floor_id}/plan.geojson",
    summary="Read a floor's plan as data",
    response_class=Response,
    responses={
        200: {
            "headers": TAG,
            "content": {GEOJSON: {"schema": {"type": "object"}}},
            "description": "A GeoJSON FeatureCollection",
        }
    }
    | UNCHANGED
    | documented(404),
)
async def plan(
    building_id: BuildingId,
    floor_id: FloorId,
    request: Request,
    runtime: Served,
    _: Reader,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A FeatureCollection of the floor, its spaces and its elements. Coordinates are metres in the model's own axes."""

    def read() -> Answer:
        return Answer.of(read_plan(runtime.ports, building_id, floor_id, PlanFormat.GEOJSON), GEOJSON)

    return await _kept(request, building_id, f"plan.geojson {floor_id}", read, if_none_match)


async def _kept(
    request: Request, building_id: UUID, name: str, read: Callable[[], Answer], if_none_match: str | None
) -> Response:
    async def make() -> Answer:
        return await in_thread(request, read)

    answer = await answers_of(request).get(building_id, name, make)
    if if_none_match is not None and has_seen(if_none_match, answer.tag):
        return Response(status_code=304, headers={"ETag": answer.tag, "Cache-Control": "private, no-cache"})
    return Prepared(answer)
