"""What waits where, and pausing queues and kinds."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from arxos.api.access import Administrator, Reader
from arxos.api.acting import Because, operator
from arxos.api.problems import documented
from arxos.api.schemas.operating import LimitView, QueueList, QueueView
from arxos.api.working import Served, in_thread
from arxos.app import operating
from arxos.domain.jobs.limits import Scope

router = APIRouter(prefix="/api", tags=["operating"])

QueueName = Annotated[str, Path(max_length=100, description="the queue", examples=["geometry"])]
KindName = Annotated[str, Path(max_length=100, description="the job kind", examples=["building.validate"])]
NOTHING = Because()


@router.get("/queues", summary="What waits in each queue")
async def list_(request: Request, runtime: Served, _: Reader) -> QueueList:
    """Every queue by name, with its jobs by state, who consumes it, and whether it is paused."""
    sights = await in_thread(request, operating.queues, runtime)
    return QueueList(items=[QueueView.of(one) for one in sights])


@router.post("/queues/{name}/pause", summary="Pause a queue", responses=documented(404))
async def pause_queue(
    name: QueueName, request: Request, runtime: Served, caller: Administrator, because: Because = NOTHING
) -> LimitView:
    """Start nothing more of it; what runs goes on. Who paused it first stays named."""
    by = operator(request, caller, because.reason)
    return LimitView.of(await in_thread(request, operating.pause, runtime, Scope.QUEUE, name, by))


@router.post("/queues/{name}/resume", status_code=204, summary="Let a queue go on", responses=documented(404))
async def resume_queue(name: QueueName, request: Request, runtime: Served, caller: Administrator) -> None:
    """Nothing happens to one that is not paused."""
    by = operator(request, caller)
    await in_thread(request, operating.resume, runtime, Scope.QUEUE, name, by)


@router.post("/kinds/{name}/pause", summary="Pause a job kind", responses=documented(404))
async def pause_kind(
    name: KindName, request: Request, runtime: Served, caller: Administrator, because: Because = NOTHING
) -> LimitView:
    """Start nothing more of it, in whatever queue; what runs goes on. Who paused it first stays named."""
    by = operator(request, caller, because.reason)
    return LimitView.of(await in_thread(request, operating.pause, runtime, Scope.KIND, name, by))


@router.post("/kinds/{name}/resume", status_code=204, summary="Let a job kind go on", responses=documented(404))
async def resume_kind(name: KindName, request: Request, runtime: Served, caller: Administrator) -> None:
    """Nothing happens to one that is not paused."""
    by = operator(request, caller)
    await in_thread(request, operating.resume, runtime, Scope.KIND, name, by)
