"""What waits where; pausing, limits and shares."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Form, Request, Response

from arxos.api.console.rendering import done, page
from arxos.api.console.routing import console_router
from arxos.api.console.visitors import ActingAdministrator, Looker
from arxos.api.working import Served, in_thread
from arxos.app import operating
from arxos.app.operating import QueueSight
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.storage.limit_acts import Limits

LATE_S = 60.0  # from which on what waits longest is worth a colour
UNFINISHED = (JobState.RUNNING, JobState.QUEUED, JobState.RETRYABLE, JobState.BLOCKED)
HERE = "/console/queues"

router = console_router()
Reason = Annotated[str, Form(max_length=1000)]
Whole = Annotated[str, Form(max_length=20)]  # a number field, which may be empty


@router.get("/queues")
async def show(request: Request, runtime: Served, visitor: Looker) -> Response:
    """Queues, limits and shares, and the forms to change them."""
    limits = Limits(runtime.database)
    queues = await in_thread(request, operating.queues, runtime)
    return page(
        request,
        visitor,
        "queues.html",
        queues=queues,
        depths=depths(queues),
        limits=await in_thread(request, limits.usage),
        shares=await in_thread(request, limits.shares),
        kinds=list(runtime.kinds),
        late_s=LATE_S,
    )


def depths(queues: Sequence[QueueSight]) -> Mapping[str, list[tuple[str, float]]]:
    """By queue: each unfinished state's share of what the deepest queue holds, so that bars compare."""
    held = {one.counts.queue: sum(one.counts.states.get(state, 0) for state in UNFINISHED) for one in queues}
    deepest = max(held.values(), default=0) or 1
    return {
        one.counts.queue: [(state.value, one.counts.states.get(state, 0) / deepest) for state in UNFINISHED]
        for one in queues
    }


@router.post("/queues/{name}/pause")
async def pause(
    name: str, request: Request, runtime: Served, visitor: ActingAdministrator, reason: Reason = ""
) -> Response:
    """Start nothing more of a queue."""
    await in_thread(request, operating.pause, runtime, Scope.QUEUE, name, visitor.operator(reason))
    return done(HERE, f"Queue {name} is paused.")


@router.post("/queues/{name}/resume")
async def resume(name: str, request: Request, runtime: Served, visitor: ActingAdministrator) -> Response:
    """Let a queue go on."""
    await in_thread(request, operating.resume, runtime, Scope.QUEUE, name, visitor.operator())
    return done(HERE, f"Queue {name} goes on.")


@router.post("/kinds/pause")
async def pause_kind(
    request: Request,
    runtime: Served,
    visitor: ActingAdministrator,
    name: Annotated[str, Form(max_length=100)],
    reason: Reason = "",
) -> Response:
    """Start nothing more of a job kind."""
    await in_thread(request, operating.pause, runtime, Scope.KIND, name, visitor.operator(reason))
    return done(HERE, f"Kind {name} is paused.")


@router.post("/kinds/{name}/resume")
async def resume_kind(name: str, request: Request, runtime: Served, visitor: ActingAdministrator) -> Response:
    """Let a job kind go on."""
    await in_thread(request, operating.resume, runtime, Scope.KIND, name, visitor.operator())
    return done(HERE, f"Kind {name} goes on.")


@router.post("/limits")
async def set_limit(
    request: Request,
    runtime: Served,
    visitor: ActingAdministrator,
    *,
    subject: Annotated[str, Form(max_length=120)],
    running: Whole = "",
    per: Annotated[str, Form(max_length=120)] = "",
    per_running: Whole = "",
    rate: Whole = "",
    burst: Whole = "",
) -> Response:
    """Set a limit in place of the one that there is."""
    scope, name = _subject(subject)
    allowed = Allowance(
        running=_whole("at once", running),
        per=per.strip() or None,
        per_running=_whole("so many", per_running) or 1,
        rate=_decimal("starts a second", rate),
        burst=_whole("at a time", burst),
    )
    await in_thread(request, operating.set_limit, runtime, scope, name, allowed, visitor.operator())
    return done(HERE, f"The limit on {name} is set.")


@router.post("/limits/{scope}/{name}/remove")
async def remove_limit(
    scope: Scope, name: str, request: Request, runtime: Served, visitor: ActingAdministrator
) -> Response:
    """Take a limit away."""
    await in_thread(request, operating.remove_limit, runtime, scope, name, visitor.operator())
    return done(HERE, f"The limit on {name} is taken away.")


@router.post("/shares")
async def share(
    request: Request,
    runtime: Served,
    visitor: ActingAdministrator,
    submitter: Annotated[str, Form(min_length=1, max_length=200)],
    weight: Annotated[float, Form(allow_inf_nan=False)],
) -> Response:
    """Give a submitter its part."""
    await in_thread(request, operating.set_share, runtime, submitter, weight, visitor.operator())
    return done(HERE, f"{submitter} has the weight {weight:g}.")


def _subject(text: str) -> tuple[Scope, str]:
    scope, _, name = text.partition(":")
    if scope not in list(Scope):
        raise InvalidError(f"on: needs kind:<name> or queue:<name>, got {text!r:.60}")
    return Scope(scope), name


def _whole(field: str, text: str) -> int | None:
    try:
        return int(text) if text.strip() else None
    except ValueError:
        raise InvalidError(f"{field}: needs a whole number, got {text!r}") from None


def _decimal(field: str, text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise InvalidError(f"{field}: needs a number, got {text!r}") from None
