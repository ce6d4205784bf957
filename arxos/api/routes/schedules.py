"""Schedules: periodic jobs, and what operators do to them."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from arxos.api.access import Reader, Scheduler
from arxos.api.acting import operator
from arxos.api.problems import FieldError, Refusal, documented
from arxos.api.schemas.schedules import NewSchedule, ScheduleChange, ScheduleList, ScheduleView, Submitted
from arxos.api.working import Served, in_thread
from arxos.app import scheduling
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.schedule import Entry
from arxos.domain.jobs.slots import Rhythm

router = APIRouter(prefix="/api/schedules", tags=["schedules"])

Name = Annotated[str, Path(max_length=100, description="the schedule's name", examples=["ledger-prune"])]
FIELDS = ("payload", "queue", "priority", "policy", "catch_up", "jitter_s")


@router.get("", summary="List the schedules")
async def list_(request: Request, runtime: Served, _: Reader) -> ScheduleList:
    """When each is due next, and what became of its slots."""
    table = await in_thread(request, scheduling.timetable, runtime)
    items = [ScheduleView.model_validate(one) for one in table.schedules]
    return ScheduleList(items=items, beat_silent_s=table.beat_silent_s)


@router.get("/{name}", summary="Read a schedule", responses=documented(404))
async def get(name: Name, request: Request, runtime: Served, _: Reader) -> ScheduleView:
    """When it is due next, and what became of its slots."""
    return await in_thread(request, _read, runtime, name)


@router.post(
    "",
    status_code=201,
    summary="Add a schedule",
    responses={
        201: {"headers": {"Location": {"description": "the new schedule", "schema": {"type": "string"}}}},
        **documented(409),
    },
)
async def add(
    new: NewSchedule, request: Request, response: Response, runtime: Served, caller: Scheduler
) -> ScheduleView:
    """Its first slot is the next one: nothing of the past is owed."""
    entry = _changed(Entry(new.name, new.kind, _rhythm(new, "UTC")), new)
    await in_thread(request, scheduling.add, runtime, entry, operator(request, caller), caller.submitter)
    response.headers["Location"] = f"{router.prefix}/{new.name}"
    return await in_thread(request, _read, runtime, new.name)


@router.patch("/{name}", summary="Change a schedule", responses=documented(404))
async def change(name: Name, new: ScheduleChange, request: Request, runtime: Served, caller: Scheduler) -> ScheduleView:
    """A new rhythm begins now. It outlasts deploys that change the same entry."""

    def changed(entry: Entry) -> Entry:
        rhythm = replace(entry.rhythm, timezone=new.timezone or entry.rhythm.timezone)
        if new.cron is not None or new.every_s is not None:
            rhythm = _rhythm(new, rhythm.timezone)
        return _changed(replace(entry, rhythm=rhythm), new)

    await in_thread(request, scheduling.change, runtime, name, changed, operator(request, caller), caller.submitter)
    return await in_thread(request, _read, runtime, name)


@router.delete("/{name}", status_code=204, summary="Remove a schedule", responses=documented(404, 409))
async def remove(name: Name, request: Request, runtime: Served, caller: Scheduler) -> None:
    """One that was added: those that come with the code can only be paused."""
    await in_thread(request, scheduling.remove, runtime, name, operator(request, caller))


@router.post("/{name}/run", status_code=202, summary="Submit one job more, now", responses=documented(404))
async def run(name: Name, request: Request, runtime: Served, caller: Scheduler) -> Submitted:
    """Besides those of its slots, paused or not."""
    return Submitted(job_id=await in_thread(request, scheduling.run, runtime, name, operator(request, caller)))


@router.post("/{name}/pause", summary="Pause a schedule", responses=documented(404))
async def pause(name: Name, request: Request, runtime: Served, caller: Scheduler) -> ScheduleView:
    """Submit nothing more, until it is resumed."""
    await in_thread(request, scheduling.pause, runtime, name, operator(request, caller))
    return await in_thread(request, _read, runtime, name)


@router.post("/{name}/resume", summary="Let a schedule go on", responses=documented(404))
async def resume(name: Name, request: Request, runtime: Served, caller: Scheduler) -> ScheduleView:
    """From now: slots during the pause are not made up for."""
    await in_thread(request, scheduling.resume, runtime, name, operator(request, caller))
    return await in_thread(request, _read, runtime, name)


def _read(runtime: Runtime, name: str) -> ScheduleView:
    for one in scheduling.timetable(runtime).schedules:
        if one["name"] == name:
            return ScheduleView.model_validate(one)
    raise NotFoundError(f"no schedule {name!r}")


def _rhythm(asked: ScheduleChange, timezone: str) -> Rhythm:
    if (asked.cron is None) == (asked.every_s is None):
        words = "name either cron or every_s"
        raise Refusal(422, words, errors=[FieldError(field="cron", message=words)])
    return Rhythm(asked.cron, asked.every_s, asked.timezone or timezone)


def _changed(entry: Entry, asked: ScheduleChange) -> Entry:
    named: dict[str, Any] = {name: getattr(asked, name) for name in FIELDS if getattr(asked, name) is not None}
    return replace(entry, **named)
