"""Who works, and at what; having one finish and go."""

from typing import Annotated

from fastapi import Form, Request, Response

from arxos.api.console.rendering import done, page
from arxos.api.console.routing import console_router
from arxos.api.console.visitors import ActingAdministrator, Looker
from arxos.api.working import Served, in_thread
from arxos.app import operating
from arxos.storage.worker_facts import workers

router = console_router("/workers")


@router.get("")
async def show(request: Request, runtime: Served, visitor: Looker) -> Response:
    """Every worker with what it runs."""
    found = await in_thread(request, workers, runtime.database)
    alive = [one for one in found if one.silent_s <= runtime.settings.lease_s]
    return page(
        request,
        visitor,
        "workers.html",
        workers=found,
        alive=len(alive),
        busy=sum(len(one.jobs) for one in alive),
        slots=sum(one.slots or 0 for one in alive),
        memory=sum(one.memory_bytes or 0 for one in alive),
        lease_s=runtime.settings.lease_s,
        drain_s=runtime.settings.drain_s,
    )


@router.post("/{worker_id}/drain")
async def drain(
    worker_id: str,
    request: Request,
    runtime: Served,
    visitor: ActingAdministrator,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Have a worker finish and go."""
    await in_thread(request, operating.drain, runtime, worker_id, visitor.operator(reason))
    return done("/console/workers", f"{worker_id} finishes what runs, and goes.")
