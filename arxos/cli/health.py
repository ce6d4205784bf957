"""`arxos health …`: how the system's parts and its buildings are."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from arxos.cli.jobs import AsJson
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.session import session
from arxos.domain.health.parts import Component
from arxos.domain.health.report import HealthChange, HealthReport, HealthStatus, Sweep

app = typer.Typer(help="How the system's parts and its buildings are.", no_args_is_help=True)

WHY = Column("why", spare=True)


@app.command()
def parts(json: AsJson = False) -> None:
    """Ask every part, watched service and certificate how it is, now; exit 1 where one is unhealthy.

    Example: arxos health parts
    """
    found = session().ports.surroundings.look()
    if json:
        print_json({name: asdict(one) for name, one in found.items()})
    else:
        print_table(("part", "status", "ms", Column("detail", spare=True)), [_part(*one) for one in found.items()])
    if any(one.status is HealthStatus.UNHEALTHY for one in found.values()):
        raise typer.Exit(1)


@app.command()
def buildings(
    status: Annotated[HealthStatus | None, typer.Option(help="Those that are so only.")] = None,
    after: Annotated[UUID | None, typer.Option(help="Those behind this building.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    json: AsJson = False,
) -> None:
    """List the latest report on each building, and why it is not well.

    Example: arxos health buildings --status unhealthy
    """
    with session().ports.unit_of_work() as uow:
        found = uow.health.listed(status, after=after, limit=limit)
    if json:
        print_json([asdict(one) for one in found])
        return
    columns = ("building", "status", "since", "checked", WHY)
    print_table(columns, [_report(one) for one in found], empty="no reports: arxos submit health.sweep")


@app.command()
def building(
    building_id: Annotated[UUID, typer.Argument(metavar="BUILDING", help="Its id.")], json: AsJson = False
) -> None:
    """Show how a building is, and how it was before.

    Example: arxos health building BUILDING
    """
    with session().ports.unit_of_work() as uow:
        uow.buildings.get(building_id)
        report, changes = uow.health.report(building_id), uow.health.changes(building_id)
    if json:
        print_json({"report": asdict(report) if report else None, "changes": [asdict(one) for one in changes]})
        return
    if report is None:
        print(f'nobody looked yet: arxos submit building.check_health --payload \'{{"building_id": "{building_id}"}}\'')
        return
    print_table(("building", "status", "since", "checked", WHY), [_report(report)])
    print_table(("at", "was", "became", WHY), [_change(one) for one in changes])


@app.command()
def sweeps(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20, json: AsJson = False
) -> None:
    """List the latest sweeps and what their checks came to.

    Example: arxos health sweeps
    """
    with session().ports.unit_of_work() as uow:
        found = uow.health.sweeps(limit)
    if json:
        print_json([asdict(one) for one in found])
        return
    columns = ("sweep", "began", "ended", "checks", *HealthStatus, "failed", "changed")
    print_table(columns, [_sweep(one) for one in found], empty="no sweeps yet: arxos submit health.sweep")


def _part(name: str, one: Component) -> tuple[object, ...]:
    detail = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in one.detail.items())
    return name, one.status, one.latency_ms, detail


def _report(one: HealthReport) -> tuple[object, ...]:
    return one.building_id, one.status, one.changed_at, one.checked_at, "; ".join(why.message for why in one.reasons)


def _change(one: HealthChange) -> tuple[object, ...]:
    return one.at, one.was, one.status, "; ".join(why.message for why in one.reasons)


def _sweep(one: Sweep) -> tuple[object, ...]:
    counts = (one.counts.get(status, 0) for status in (*HealthStatus, "failed", "changed"))
    return one.job_id, one.started_at, one.finished_at, one.due, *counts
