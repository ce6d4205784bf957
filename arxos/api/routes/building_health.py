"""How buildings are."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from arxos.api.access import Reader
from arxos.api.paging import Cursor, Limit, cursor_at, link_next, place_of
from arxos.api.problems import documented
from arxos.api.routes.buildings import BuildingId
from arxos.api.schemas.health import (
    BuildingHealthHistory,
    BuildingHealthList,
    BuildingHealthView,
    HealthChangeView,
    SweepList,
    SweepView,
)
from arxos.api.working import Served, in_thread
from arxos.domain.health.report import HealthStatus

router = APIRouter(prefix="/api", tags=["buildings"])


@router.get("/buildings/{building_id}/health", summary="How is a building?", responses=documented(404))
async def of_building(building_id: BuildingId, request: Request, runtime: Served, _: Reader) -> BuildingHealthHistory:
    """As it was found at the last check; a job `building.check_health` looks again."""

    def read() -> BuildingHealthHistory:
        with runtime.ports.unit_of_work() as uow:
            uow.buildings.get(building_id)
            report = BuildingHealthView.of(building_id, uow.health.report(building_id))
            changes = [HealthChangeView.of(one) for one in uow.health.changes(building_id)]
        return BuildingHealthHistory(**report.model_dump(), changes=changes)

    return await in_thread(request, read)


@router.get("/health/buildings", summary="Which buildings are not well?")
async def listed(
    request: Request,
    response: Response,
    runtime: Served,
    _: Reader,
    *,
    status: Annotated[HealthStatus | None, Query(description="those that are so only", examples=["unhealthy"])] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BuildingHealthList:
    """The latest report on each, in order of their ids."""
    [after] = place_of(cursor, UUID) or [None]

    def read() -> Any:
        with runtime.ports.unit_of_work() as uow:
            return uow.health.listed(status, after=after, limit=limit + 1)

    found = await in_thread(request, read)
    following = cursor_at(found[limit - 1].building_id) if len(found) > limit else None
    link_next(request, response, following)
    items = [BuildingHealthView.of(one.building_id, one) for one in found[:limit]]
    return BuildingHealthList(items=items, next_cursor=following)


@router.get("/health/sweeps", summary="What did the latest sweeps find?")
async def sweeps(
    request: Request,
    runtime: Served,
    _: Reader,
    limit: Annotated[int, Query(ge=1, le=1000, description="how many sweeps at most", examples=[20])] = 20,
) -> SweepList:
    """The newest first."""

    def read() -> SweepList:
        with runtime.ports.unit_of_work() as uow:
            items = [SweepView.of(one) for one in uow.health.sweeps(limit)]
            return SweepList(items=items, buildings=dict(uow.health.counts()))

    return await in_thread(request, read)
