"""How many jobs run at once, how many start in a second, and who gets which part."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from arxos.api.access import Administrator, Reader
from arxos.api.acting import operator
from arxos.api.problems import documented
from arxos.api.schemas.operating import LimitList, LimitView, NewLimit, NewShare, ShareList, ShareView
from arxos.api.working import Served, in_thread
from arxos.app import operating
from arxos.domain.jobs.limits import Scope
from arxos.storage.limit_acts import Limits

router = APIRouter(prefix="/api", tags=["operating"])

ScopeOf = Annotated[Scope, Path(description="what the limit is on", examples=["kind"])]
Name = Annotated[str, Path(max_length=100, description="of the kind or queue", examples=["building.validate"])]
Submitter = Annotated[str, Path(max_length=200, description="who submits, as jobs show it", examples=["city-import"])]


@router.get("/limits", summary="Limits and pauses, and how they work")
async def list_(request: Request, runtime: Served, _: Reader) -> LimitList:
    """With what is in flight under each, and what it holds back now."""
    found = await in_thread(request, Limits(runtime.database).usage)
    return LimitList(items=[LimitView.of(one) for one in found])


@router.put("/limits/{scope}/{name}", summary="Set a limit", responses=documented(404))
async def put(
    scope: ScopeOf, name: Name, limit: NewLimit, request: Request, runtime: Served, caller: Administrator
) -> LimitView:
    """In place of the one that there is. What is published and not begun asks anew; what runs goes on."""
    by, allowed = operator(request, caller), limit.allowance()
    return LimitView.of(await in_thread(request, operating.set_limit, runtime, scope, name, allowed, by))


@router.delete("/limits/{scope}/{name}", status_code=204, summary="Take a limit away", responses=documented(404))
async def delete(scope: ScopeOf, name: Name, request: Request, runtime: Served, caller: Administrator) -> None:
    """One that comes with the code is back when a relay starts."""
    await in_thread(request, operating.remove_limit, runtime, scope, name, operator(request, caller))


@router.get("/shares", summary="Who gets which part of shared queues")
async def shares(request: Request, runtime: Served, _: Reader) -> ShareList:
    """Whoever was given a weight; everybody else has 1."""
    found = await in_thread(request, Limits(runtime.database).shares)
    return ShareList(items=[ShareView.of(one) for one in found])


@router.put("/shares/{submitter}", status_code=204, summary="Give a submitter a larger or smaller part")
async def share(
    submitter: Submitter, share: NewShare, request: Request, runtime: Served, caller: Administrator
) -> None:
    """Where several wait for the same queue, each gets places by its weight."""
    by = operator(request, caller)
    await in_thread(request, operating.set_share, runtime, submitter, share.weight, by)
