"""Dead letters by what they died of, and acts on many: tried dry first, undone for a while."""

import time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Form, Query, Request, Response
from uuid6 import uuid7

from arxos.api.console.rendering import done, page, with_query
from arxos.api.console.routing import console_router
from arxos.api.console.since import read_since
from arxos.api.console.visitors import ActingDiscarder, ActingRedriver, Looker, Visitor
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.bulk import act_on_all, undo
from arxos.domain.jobs.desk import Action, BulkAct, Group, Order
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage.dead_preview import DeadPreview
from arxos.tasks.queues import POOL_OF

GROUPS, ACTS = 100, 10
PAUSE_S = 0.05  # between the steps of a discard
FIELDS = ("kind", "queue", "submitter", "error", "fingerprint", "since")

router = console_router("/dead")
Text = Annotated[str | None, Query(max_length=200)]
Typed = Annotated[str, Form(max_length=200)]
Reason = Annotated[str, Form(max_length=1000)]
Fields = dict[str, str | None]


async def _asked(
    kind: Text = None,
    queue: Text = None,
    submitter: Text = None,
    error: Text = None,
    fingerprint: Text = None,
    since: Text = None,
) -> Fields:
    """The filter, as an address has it."""
    return dict(zip(FIELDS, (kind, queue, submitter, error, fingerprint, since), strict=True))


async def _asked_in_form(
    kind: Typed = "",
    queue: Typed = "",
    submitter: Typed = "",
    error: Typed = "",
    fingerprint: Typed = "",
    since: Typed = "",
) -> Fields:
    """The same, as a form has it."""
    return dict(zip(FIELDS, (kind, queue, submitter, error, fingerprint, since), strict=True))


Asked = Annotated[Fields, Depends(_asked)]
AskedInForm = Annotated[Fields, Depends(_asked_in_form)]


@router.get("")
async def show(
    request: Request,
    runtime: Served,
    visitor: Looker,
    *,
    asked: Asked,
) -> Response:
    """Groups, the largest first, and the latest acts."""

    def look() -> tuple[list[Group], list[BulkAct]]:
        with runtime.ports.unit_of_work() as uow:
            return uow.desk.groups(_which(asked), GROUPS), uow.desk.acts(ACTS)

    groups, acts = await in_thread(request, look)
    return page(
        request,
        visitor,
        "dead.html",
        groups=groups,
        total=sum(group.count for group in groups),
        acts=acts,
        asked=asked,
        kinds=list(runtime.kinds),
        queues=list(POOL_OF),
        filtered=any(asked.values()),
    )


@router.get("/try")
async def dry_run(
    request: Request,
    runtime: Served,
    visitor: Looker,
    *,
    action: Action = Action.REDRIVE,
    asked: Asked,
) -> Response:
    """What an act on all of these would do; nothing is done."""
    seen = await in_thread(request, DeadPreview(runtime.database).look, _which(asked))
    return page(request, visitor, "dead_try.html", action=action, seen=seen, asked=asked)


@router.post("/redrive")
async def redrive(
    request: Request,
    runtime: Served,
    visitor: ActingRedriver,
    *,
    asked: AskedInForm,
    rate: Typed = "",
    reason: Reason = "",
    drop_deadline: Annotated[bool, Form()] = False,
) -> Response:
    """Send all of these round again."""
    extra = {"rate": _rate(rate), "drop_deadline": drop_deadline}
    return await _acted(request, runtime, visitor, Action.REDRIVE, asked, reason, **extra)


@router.post("/discard")
async def discard(
    request: Request,
    runtime: Served,
    visitor: ActingDiscarder,
    *,
    asked: AskedInForm,
    reason: Reason = "",
) -> Response:
    """Close all of these for good."""
    return await _acted(request, runtime, visitor, Action.DISCARD, asked, reason)


@router.post("/acts/{act_id}/undo")
async def undone(act_id: UUID, request: Request, runtime: Served, visitor: ActingRedriver) -> Response:
    """Make what an act was done to dead again, except what has started since."""
    found = await in_thread(request, undo, runtime.ports.unit_of_work, act_id, visitor.operator())
    return done("/console/dead", f"{found.undone} jobs are dead letters again; {found.left} had gone on meanwhile.")


async def _acted(
    request: Request,
    runtime: Runtime,
    visitor: Visitor,
    action: Action,
    asked: Fields,
    reason: str,
    **more: Any,
) -> Response:
    order = Order(action, _which(asked), visitor.operator(reason), runtime.settings.undo_s, **more)
    found = await in_thread(request, act_on_all, runtime.ports.unit_of_work, order, uuid7(), _pause)
    past = "redriven" if action is Action.REDRIVE else "discarded"
    undoing = " It can be undone below." if found.act else ""
    return done(with_query("/console/dead"), f"{found.done} of {found.matched} dead letters are {past}.{undoing}")


def _which(asked: Fields) -> JobFilter:
    return JobFilter(
        state=JobState.DEAD,
        kind=asked["kind"] or None,
        queue=asked["queue"] or None,
        submitted_by=asked["submitter"] or None,
        error=asked["error"] or None,
        fingerprint=asked["fingerprint"] or None,
        finished_since=read_since(asked["since"]),
    )


def _rate(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        rate = float(text)
    except ValueError:
        raise InvalidError(f"rate: needs a number, got {text!r}") from None
    if not 0.01 <= rate <= 1e6:
        raise InvalidError("rate: must be 0.01 to 1,000,000 jobs a second")
    return rate


def _pause(seconds: float) -> None:
    time.sleep(min(seconds, PAUSE_S))
