"""What operators did."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from arxos.api.console.rendering import page, with_query
from arxos.api.console.routing import console_router
from arxos.api.console.since import read_since
from arxos.api.console.visitors import Looker
from arxos.api.paging import as_text, cursor_at, place_of
from arxos.api.working import Served, in_thread
from arxos.domain.errors import InvalidError
from arxos.domain.moments import read_moment
from arxos.storage.act_log import ActFilter, ActLog

SHOWN = 50
ACTIONS = (  # offered, not required
    *("redrive", "discard", "retry", "undo", "cancel", "pause_queue", "resume_queue", "pause_kind", "resume_kind"),
    *("set_limit", "remove_limit", "set_share", "drain_worker", "run_schedule", "pause_schedule", "resume_schedule"),
)

router = console_router("/log")
Text = Annotated[str | None, Query(max_length=200)]


@router.get("")
async def show(
    request: Request,
    runtime: Served,
    visitor: Looker,
    *,
    actor: Text = None,
    action: Text = None,
    job_id: Text = None,
    act_id: UUID | None = None,
    since: Text = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """The latest first; an act on many jobs is one line."""
    which = ActFilter(actor or None, action or None, _job(job_id), act_id, read_since(since))
    before = place_of(cursor, read_moment, as_text)
    found = await in_thread(request, ActLog(runtime.database).find, which, SHOWN + 1, before)
    last = found[SHOWN - 1] if len(found) > SHOWN else None
    asked = {"actor": actor, "action": action, "job_id": job_id, "act_id": act_id, "since": since}
    following = cursor_at(last.at.isoformat(), last.key) if last else None
    return page(
        request,
        visitor,
        "log.html",
        acts=found[:SHOWN],
        which=which,
        filtered=any(asked.values()),
        actions=ACTIONS,
        since_text=since or "",
        older=with_query("/console/log", **asked, cursor=following) if following else None,
    )


def _job(text: str | None) -> UUID | None:
    try:
        return UUID(text.strip()) if text and text.strip() else None
    except ValueError:
        raise InvalidError(f"job: {text!r:.60} is no job's id") from None
