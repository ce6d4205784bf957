"""Buildings: how far each is processed and how well it is."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Request, Response

from arxos.api.console.rendering import page, with_query
from arxos.api.console.routing import console_router
from arxos.api.console.visitors import Looker
from arxos.api.paging import as_place, cursor_at
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.buildings.repository import Listed
from arxos.domain.buildings.status import BuildingStatus, status_named
from arxos.storage.building_sights import sights

SHOWN = 50
HERE = "/console/buildings"

router = console_router("/buildings")


@router.get("")
async def show(
    request: Request,
    runtime: Served,
    visitor: Looker,
    *,
    q: Annotated[str | None, Query(max_length=200)] = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """The newest first, those that fit."""
    wanted = status_named(status) if status else None
    found, following = await in_thread(request, _read, runtime, q or None, wanted, as_place(cursor))
    return page(
        request,
        visitor,
        "buildings.html",
        buildings=found,
        q=q or "",
        stage=status or "",
        statuses=list(BuildingStatus),
        older=with_query(HERE, q=q, status=status, cursor=following) if following else None,
        going=any(sight and sight.going for _, sight in found),
    )


def _read(
    runtime: Runtime, q: str | None, status: BuildingStatus | None, before: Listed | None
) -> tuple[Sequence[tuple[Any, Any]], str | None]:
    """(building, its sight) newest first, and where to go on."""
    with runtime.ports.unit_of_work() as uow:
        listed = uow.buildings.list(status=status, q=q, before=before, limit=SHOWN)
    seen = sights(runtime.database, [one.id for one in listed.items])
    return [(one, seen.get(one.id)) for one in listed.items], cursor_at(*listed.last) if listed.last else None
