"""What was added up, and the objectives held against it."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request

from arxos.api.access import Reader
from arxos.api.problems import FieldError, Refusal
from arxos.api.schemas.reports import (
    BuildingRollupList,
    BuildingRollupView,
    JobRollupList,
    JobRollupView,
    SloView,
)
from arxos.api.working import Served, in_thread
from arxos.domain.rollups.buckets import LENGTH, Grain
from arxos.domain.rollups.slo import read_slo
from arxos.tasks.moments import Day, Moment

router = APIRouter(prefix="/api/reports", tags=["operating"])

MOST = 1_000  # buckets at once
LONGEST = timedelta(days=400)


Since = Annotated[
    Moment | None, Query(description="from this moment on, with its zone", examples=["2026-11-24T08:00:00Z"])
]
Until = Annotated[Moment | None, Query(description="until then; left out: now", examples=["2026-11-25T08:00:00Z"])]


@router.get("/slo", summary="Are the objectives met?")
async def slo(request: Request, runtime: Served, _: Reader, since: Since = None, until: Until = None) -> SloView:
    """Latency, errors, availability and recovery, each with its error budget; without `since`, over 30 days."""
    start, end = _while(since, until, timedelta(days=30), LONGEST)

    def read() -> SloView:
        with runtime.ports.unit_of_work() as uow:
            return SloView.of(read_slo(uow, start, end))

    return await in_thread(request, read)


@router.get("/jobs", summary="What did jobs do?")
async def jobs(
    request: Request,
    runtime: Served,
    _: Reader,
    *,
    grain: Annotated[Grain, Query(description="how long a bucket is", examples=["hour"])] = Grain.HOUR,
    since: Since = None,
    until: Until = None,
    kind: Annotated[str | None, Query(max_length=200, description="of this kind", examples=["audit.index"])] = None,
    queue: Annotated[str | None, Query(max_length=200, description="of this queue", examples=["cache"])] = None,
) -> JobRollupList:
    """By bucket, kind, queue and outcome; at most 1,000 buckets. Without `since`, the last 24 of them."""
    start, end = _while(since, until, 24 * LENGTH[grain], MOST * LENGTH[grain])

    def read() -> list[JobRollupView]:
        with runtime.ports.unit_of_work() as uow:
            return [JobRollupView.of(row) for row in uow.rollups.jobs(grain, start, end, kind=kind, queue=queue)]

    return JobRollupList(grain=grain, since=start, until=end, items=await in_thread(request, read))


@router.get("/buildings", summary="How many buildings are there, and how are they?")
async def buildings(
    request: Request,
    runtime: Served,
    _: Reader,
    since: Annotated[Day | None, Query(description="from this day on", examples=["2026-11-01"])] = None,
    until: Annotated[Day | None, Query(description="until this day, left out", examples=["2026-11-26"])] = None,
) -> BuildingRollupList:
    """By day and sender; without `since`, the last 7 days."""
    end = until or datetime.now(UTC).date() + timedelta(days=1)
    start = since or _days_before(end, 7)
    if not start < end <= start + LONGEST:
        raise _wrong_while()

    def read() -> list[BuildingRollupView]:
        with runtime.ports.unit_of_work() as uow:
            return [BuildingRollupView.of(day, row) for day, row in uow.rollups.buildings(start, end)]

    return BuildingRollupList(items=await in_thread(request, read))


def _while(
    since: datetime | None, until: datetime | None, usual: timedelta, most: timedelta
) -> tuple[datetime, datetime]:
    """Raises Refusal (422) where it is none, or too long."""
    try:
        end = (until or datetime.now(UTC)).astimezone(UTC)
        start = end - usual if since is None else since.astimezone(UTC)
    except OverflowError:
        raise _wrong_while() from None
    if not timedelta() < end - start <= most:
        raise _wrong_while(f"; at most {most.total_seconds() / 86_400:g} days")
    return start, end


def _days_before(day: date, days: int) -> date:
    try:
        return day - timedelta(days=days)
    except OverflowError:
        raise _wrong_while() from None


def _wrong_while(more: str = "") -> Refusal:
    words = f"must be before until{more}"
    return Refusal(422, f"query.since: {words}", errors=[FieldError(field="query.since", message=words)])
