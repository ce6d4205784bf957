"""What was refused at the broker."""

from typing import Annotated

from fastapi import Query, Request, Response

from arxos.api.console.rendering import page, with_query
from arxos.api.console.routing import console_router
from arxos.api.console.since import read_since
from arxos.api.console.visitors import Looker
from arxos.api.paging import as_big_number, cursor_at, place_of
from arxos.api.working import Served, in_thread
from arxos.storage.quarantine import QuarantineFilter, QuarantineTable

SHOWN = 50

router = console_router("/quarantine")
Text = Annotated[str | None, Query(max_length=200)]


@router.get("")
async def show(
    request: Request,
    runtime: Served,
    visitor: Looker,
    *,
    queue: Text = None,
    reason: Text = None,
    since: Text = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """The latest first, those that fit."""
    [before] = place_of(cursor, as_big_number) or [None]
    which = QuarantineFilter(queue or None, reason or None, read_since(since))
    found = await in_thread(request, QuarantineTable(runtime.database).find, which, SHOWN + 1, before)
    following = cursor_at(found[SHOWN - 1].id) if len(found) > SHOWN else None
    filtered = {"queue": queue, "reason": reason, "since": since}
    older = with_query("/console/quarantine", **filtered, cursor=following) if following else None
    return page(
        request,
        visitor,
        "quarantine.html",
        messages=found[:SHOWN],
        older=older,
        queue=queue,
        reason=reason,
        since_text=since or "",
    )
