"""Periodic jobs: when each is due, and what operators do to it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Form, Request, Response

from arxos.api.console.rendering import done, page
from arxos.api.console.routing import console_router
from arxos.api.console.visitors import ActingScheduler, Looker
from arxos.api.working import Served, in_thread
from arxos.app import scheduling
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.schedule import Entry, Policy
from arxos.domain.jobs.slots import Rhythm, in_words
from arxos.tasks.authorization import may_submit

HERE = "/console/schedules"

router = console_router("/schedules")
Field = Annotated[str, Form(max_length=200)]


@router.get("")
async def show(request: Request, runtime: Served, visitor: Looker) -> Response:
    """All schedules by name, and a form for another one."""
    table = await in_thread(request, scheduling.timetable, runtime)
    return page(
        request,
        visitor,
        "schedules.html",
        schedules=[one | {"in_words": _rhythm_in_words(one)} for one in table.schedules],
        silent=table.beat_silent_s is None or table.beat_silent_s > runtime.settings.lease_s,
        beat_silent_s=table.beat_silent_s,
        kinds=[kind.name for kind in runtime.kinds.values() if may_submit(kind, visitor.caller.submitter)],
        policies=list(Policy),
    )


@router.post("/{name}/run")
async def run(name: str, request: Request, runtime: Served, visitor: ActingScheduler) -> Response:
    """Submit one job now."""
    job_id = await in_thread(request, scheduling.run, runtime, name, visitor.operator())
    return done(HERE, f"Job {job_id} of {name} is submitted.")


@router.post("/{name}/pause")
async def pause(name: str, request: Request, runtime: Served, visitor: ActingScheduler) -> Response:
    """Submit nothing more."""
    await in_thread(request, scheduling.pause, runtime, name, visitor.operator())
    return done(HERE, f"{name} is paused.")


@router.post("/{name}/resume")
async def resume(name: str, request: Request, runtime: Served, visitor: ActingScheduler) -> Response:
    """Go on from now."""
    await in_thread(request, scheduling.resume, runtime, name, visitor.operator())
    return done(HERE, f"{name} goes on.")


@router.post("/{name}/remove")
async def remove(name: str, request: Request, runtime: Served, visitor: ActingScheduler) -> Response:
    """Take a schedule away."""
    await in_thread(request, scheduling.remove, runtime, name, visitor.operator())
    return done(HERE, f"{name} is removed.")


@router.post("/{name}/change")
async def change(
    name: str,
    request: Request,
    runtime: Served,
    visitor: ActingScheduler,
    *,
    rhythm: Field,
    timezone: Field = "UTC",
    policy: Annotated[Policy, Form()] = Policy.LATEST,
) -> Response:
    """Another rhythm or policy."""

    def changed(entry: Entry) -> Entry:
        return replace(entry, rhythm=_rhythm(rhythm, timezone), policy=policy)

    await in_thread(request, scheduling.change, runtime, name, changed, visitor.operator(), visitor.caller.submitter)
    return done(HERE, f"{name} is changed.")


@router.post("")
async def add(
    request: Request,
    runtime: Served,
    visitor: ActingScheduler,
    *,
    name: Field,
    kind: Field,
    rhythm: Field,
    timezone: Field = "UTC",
    policy: Annotated[Policy, Form()] = Policy.LATEST,
    payload: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """A new schedule."""
    entry = Entry(name.strip(), kind, _rhythm(rhythm, timezone), _payload(payload), policy=policy)
    await in_thread(request, scheduling.add, runtime, entry, visitor.operator(), visitor.caller.submitter)
    return done(HERE, f"{entry.name} is added.")


def _rhythm(text: str, timezone: str) -> Rhythm:
    """``300`` is every 300 seconds; anything else a crontab, which the domain holds against its rules."""
    text = text.strip()
    return Rhythm(None, int(text), timezone) if text.isdecimal() else Rhythm(text, None, timezone.strip() or "UTC")


def _payload(text: str) -> dict[str, Any]:
    try:
        payload = json.loads(text or "{}")
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise InvalidError("payload: needs a JSON object")
    return payload


def _rhythm_in_words(schedule: Mapping[str, Any]) -> str:
    try:
        return in_words(Rhythm(schedule["cron"], schedule["every_s"], schedule["timezone"]))
    except InvalidError:  # its own page cell says what is wrong with it
        return str(schedule["cron"])
