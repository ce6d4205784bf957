"""Objectives with their budgets, what jobs did, and how the buildings are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query, Request, Response

from arxos.api.console.chart import Column, draw_chart
from arxos.api.console.rendering import page
from arxos.api.console.routing import console_router
from arxos.api.console.visitors import Looker
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.rollups.buckets import Grain, bucket_of, buckets
from arxos.domain.rollups.roll_jobs import by_kind
from arxos.domain.rollups.rows import BuildingRollup, JobRollup
from arxos.domain.rollups.slo import SloReport, read_slo
from arxos.domain.rollups.slo_svg import spent

Span = Literal["day", "week", "month"]
SPANS: dict[Span, tuple[int, Grain]] = {  # days, and how long the chart's bars are
    "day": (1, Grain.HOUR),
    "week": (7, Grain.HOUR),
    "month": (30, Grain.DAY),
}

router = console_router("/reports")


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything over one span."""

    report: SloReport
    rows: Sequence[JobRollup]
    buildings: Sequence[tuple[date, BuildingRollup]]


@router.get("")
async def show(request: Request, runtime: Served, visitor: Looker, span: Annotated[Span, Query()] = "week") -> Response:
    """Over a day, a week or a month."""
    days, grain = SPANS[span]
    sight = await in_thread(request, _look, runtime, days, grain)
    report = sight.report
    return page(
        request,
        visitor,
        "reports.html",
        span=span,
        spans=list(SPANS),
        report=report,
        spent={one.name: spent(one) for one in report.objectives},
        chart=draw_chart(_columns(sight.rows, report.since, report.until, grain), f"in the last {span}"),
        kinds=by_kind(sight.rows),
        buildings=sight.buildings,
    )


def _look(runtime: Runtime, days: int, grain: Grain) -> Sight:
    with runtime.ports.unit_of_work() as uow:
        now = uow.rollups.now()
        since = bucket_of(now - timedelta(days=days), grain)
        today = now.date()
        found = uow.rollups.buildings(today - timedelta(days=days), today + timedelta(days=1))
        latest = max((day for day, _ in found), default=today)
        return Sight(
            read_slo(uow, since, now),
            uow.rollups.jobs(grain, since, now),
            [(day, row) for day, row in found if day == latest],
        )


def _columns(rows: Iterable[JobRollup], since: datetime, until: datetime, grain: Grain) -> list[Column]:
    ended: dict[tuple[datetime, str], int] = {}
    for row in rows:
        key = row.bucket, row.outcome
        ended[key] = ended.get(key, 0) + row.jobs
    form = "%Y-%m-%d" if grain is Grain.DAY else "%Y-%m-%d %H:%M UTC"
    return [
        Column(bucket.strftime(form), ended.get((bucket, "succeeded"), 0), ended.get((bucket, "dead"), 0))
        for bucket in buckets(since, until, grain)
    ]
