"""One building: facts, outline, floors with their plans, findings, models, jobs."""

import json
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from markupsafe import Markup

from arxos.api.console.rendering import page, with_query
from arxos.api.console.routing import console_router
from arxos.api.console.visitors import Looker
from arxos.api.paging import as_number, cursor_at, place_of
from arxos.api.working import Served, in_thread
from arxos.app.bootstrap import Runtime
from arxos.domain.buildings.findings import RuleOutcome, Severity, Verdict
from arxos.domain.buildings.outline_svg import draw_outline
from arxos.domain.buildings.repository import BuildingRepository, FindingPage
from arxos.domain.buildings.warm_cache import PlanFormat, read_plan, read_summary
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.job import FINAL
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage.building_sights import sights

FINDINGS, MODELS, JOBS, CHANGES = 50, 10, 20, 10  # of each so many are shown at once
DULL = {"building.check_health"}  # jobs that come again and again; what they found is shown
# A drawing brings its own style sheet, and nothing else: no script runs in it, wherever it is opened.
DRAWN = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"

router = console_router("/buildings")
Text = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """Which findings are shown, from behind which place on."""

    severity: Severity | None
    rule: str | None
    after: int | None


@router.get("/{building_id}")
async def show(
    building_id: UUID,
    request: Request,
    runtime: Served,
    visitor: Looker,
    *,
    severity: Text = None,
    rule: Text = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """Everything about one building; live while it is processed."""
    [after] = place_of(cursor, as_number) or [None]
    which = FindingQuery(_severity(severity), rule or None, after)
    facts = await in_thread(request, _read, runtime, building_id, which)
    found: FindingPage = facts["findings"]
    following = None if found.last is None else cursor_at(found.last)
    address = f"/console/buildings/{building_id}"
    more = with_query(address, severity=severity, rule=rule, cursor=following) if following else None
    return page(
        request,
        visitor,
        "building.html",
        **facts,
        severity=severity or "",
        rule=rule or "",
        severities=list(Severity),
        more=f"{more}#findings" if more else None,
    )


@router.get("/{building_id}/floors/{floor_id}/plan.svg")
async def plan(building_id: UUID, floor_id: UUID, request: Request, runtime: Served, _: Looker) -> Response:
    """A floor's drawing, to be shown as a picture."""
    drawn = await in_thread(request, read_plan, runtime.ports, building_id, str(floor_id), PlanFormat.SVG)
    headers = {"Content-Security-Policy": DRAWN, "Cache-Control": "private, no-cache"}
    return Response(drawn, media_type="image/svg+xml", headers=headers)


def _read(runtime: Runtime, building_id: UUID, which: FindingQuery) -> dict[str, Any]:
    summary = json.loads(read_summary(runtime.ports, building_id))  # raises where there is no such building
    with runtime.ports.unit_of_work() as uow:
        index = uow.buildings.index(building_id)
        models = uow.buildings.models(building_id, limit=MODELS)
        found_jobs = uow.jobs.find(JobFilter(building_id=building_id), limit=3 * JOBS).jobs
        changes = uow.health.changes(building_id, CHANGES)
        model = UUID(summary["model"]["id"]) if summary["model"] else None
        report = uow.buildings.report(model) if model else None
        found = _findings(uow.buildings, model, which)
    jobs = [job for job in found_jobs if job.kind not in DULL][:JOBS]
    outline = draw_outline(index.outline, index.true_north_deg) if index else None
    return {
        "building": summary,
        "sight": sights(runtime.database, [building_id]).get(building_id),
        "outline": Markup(outline) if outline else None,  # noqa: S704 - numbers only
        "models": models,
        "jobs": jobs,
        "changes": changes,
        "going": any(job.state not in FINAL for job in jobs),
        "rules": _telling(report.rules if report else ()),
        "findings": found,
    }


def _findings(buildings: BuildingRepository, model: UUID | None, which: FindingQuery) -> FindingPage:
    if model is None:
        return FindingPage((), None)
    return buildings.findings(model, severity=which.severity, rule=which.rule, after=which.after, limit=FINDINGS)


def _telling(rules: tuple[RuleOutcome, ...]) -> list[RuleOutcome]:
    """The rules that have something to say: those that could not be decided first, then by how much."""
    told = [rule for rule in rules if rule.verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE)]
    return sorted(told, key=lambda rule: (rule.verdict is not Verdict.INCONCLUSIVE, -rule.findings, rule.id))


def _severity(text: str | None) -> Severity | None:
    try:
        return Severity(text) if text else None
    except ValueError:
        raise InvalidError(f"severity: must be one of {', '.join(Severity)}, got {text!r:.60}") from None
