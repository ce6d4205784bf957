"""Who works, and at what."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from arxos.api.access import Administrator, Reader
from arxos.api.acting import Because, operator
from arxos.api.problems import documented
from arxos.api.schemas.operating import WorkerList, WorkerView
from arxos.api.working import Served, in_thread
from arxos.app import operating
from arxos.storage.worker_facts import workers

router = APIRouter(prefix="/api/workers", tags=["operating"])

NOTHING = Because()
WorkerId = Annotated[str, Path(max_length=300, description="the worker", examples=["cpu@host:4711:3f9a2c"])]


@router.get("", summary="The workers and what they run")
async def list_(request: Request, runtime: Served, _: Reader) -> WorkerList:
    """All of them by pool and host; silent ones too, until their jobs are taken back."""
    found = await in_thread(request, workers, runtime.database)
    return WorkerList(items=[WorkerView.of(one, runtime.settings.lease_s) for one in found])


@router.post(
    "/{worker_id}/drain",
    status_code=202,
    summary="Have a worker finish and go",
    responses={202: {"description": "It will hear of it"}, **documented(404)},
)
async def drain(
    worker_id: WorkerId, request: Request, runtime: Served, caller: Administrator, because: Because = NOTHING
) -> None:
    """It hears of it with its next heartbeat: it claims nothing more, finishes what runs, and ends.

    What takes longer than ARXOS_DRAIN_S is given back, no attempt burned. Whatever supervises it starts another one
    in its place.
    """
    by = operator(request, caller, because.reason)
    await in_thread(request, operating.drain, runtime, worker_id, by)
