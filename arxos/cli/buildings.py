"""`arxos buildings …`: add and import buildings, look at them, find what stands where, draw their floors."""

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import shapely
import typer

from arxos.app.bootstrap import Runtime
from arxos.cli import importing, places
from arxos.cli.jobs import AsJson, job_document
from arxos.cli.output import Column, print_json, print_table, write_file
from arxos.cli.progress import job_bars
from arxos.cli.session import session
from arxos.cli.summary_table import summary_parts
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.receive_model import Received
from arxos.domain.buildings.repository import ElementQuery
from arxos.domain.buildings.spatial_index import Element, Space
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.buildings.warm_cache import PlanFormat, read_plan, read_summary
from arxos.domain.errors import InvalidError, NotFoundError
from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.ledger import JobFilter

app = typer.Typer(help="Add, import, list, show and query buildings.", no_args_is_help=True)

SPACE = "IfcSpace"
NAME = Column("name", cut=True)

Id = Annotated[str, typer.Argument(metavar="BUILDING", help="Its id, or its name where only one has it.")]


@app.command()
def add(
    *,
    name: Annotated[str, typer.Option(help="What people call it.")],
    address: Annotated[str, typer.Option(help="On one line, as on an envelope.")],
    status: Annotated[BuildingStatus, typer.Option(help="Where it is in its life.")] = BuildingStatus.DRAFT,
    json: AsJson = False,
) -> None:
    """Add a building; prints its id.

    Example: arxos buildings add --name 'North tower' --address '1 Quay Street, Bristol'
    """
    building = importing.add_building(session(), name, address, status)
    print_json(_document(building)) if json else print(building.id)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An .ifc or .ifczip file.")],
    *,
    building: Annotated[str | None, typer.Option(help="An existing building's id or name.")] = None,
    name: Annotated[str | None, typer.Option(help="Of a new building; else as the file says.")] = None,
    address: Annotated[str | None, typer.Option(help="Of a new building; else as the file says.")] = None,
    as_: Annotated[str | None, typer.Option("--as", help="Who imports: recorded.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its jobs; exit 1 unless all succeeded.")] = False,
    json: AsJson = False,
) -> None:
    """Take a model file in, for a new building or as an existing one's next revision.

    Example: arxos buildings import tower.ifc --name "North tower" --address "1 Quay Street, Bristol" --wait
    """
    if building is not None and (name is not None or address is not None):
        raise typer.BadParameter("--building is an existing one: it has its name and address")
    runtime = session()
    importing.check_file(runtime, file)
    building_id = _new_building(runtime, file, name, address) if building is None else _resolve(runtime, building)
    received = importing.receive_file(runtime, building_id, file, as_)
    jobs = importing.jobs_of(runtime, building_id, received.model_id)
    if wait:
        with job_bars() as look:
            jobs = importing.watch(runtime, jobs, look)
    _print_import(building_id, received, jobs, as_json=json)
    if wait and any(job.state is not JobState.SUCCEEDED for job in jobs):
        raise typer.Exit(1)


def _new_building(runtime: Runtime, file: Path, name: str | None, address: str | None) -> UUID:
    if name is None or address is None:
        stated = importing.stated_in(runtime.ports.readers, file)
        name, address = name or stated.name, address or stated.address
    if address is None:
        raise InvalidError(f"{file.name}: states no postal address: pass one with --address")
    return importing.add_building(runtime, name, address).id


def _print_import(building_id: UUID, received: Received, jobs: list[Job], *, as_json: bool) -> None:
    made = [{"id": job.id, "kind": job.kind, "state": job.state} for job in jobs]
    if as_json:
        facts = {name: getattr(received, name) for name in type(received).__slots__}
        print_json({"building_id": building_id, **facts, "jobs": made})
        return
    news = "" if received.is_new else " (the same bytes as before: nothing to do)"
    print(f"building {building_id}\nmodel {received.model_id} revision {received.revision}{news}")
    print_table(("job", "kind", "state"), [tuple(job.values()) for job in made])


@app.command("list")
def list_(
    *,
    status: Annotated[BuildingStatus | None, typer.Option(help="In this status only.")] = None,
    q: Annotated[str | None, typer.Option("--q", help="A part of name or address.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    json: AsJson = False,
) -> None:
    """List buildings, newest first.

    Example: arxos buildings list --q quay
    """
    with session().ports.unit_of_work() as uow:
        page = uow.buildings.list(status=status, q=q, limit=limit)
    if json:
        print_json([_document(building) for building in page.items])
        return
    rows = [(b.id, b.name, b.status, b.address.line, b.created_at) for b in page.items]
    remark = f"the newest {limit:,} buildings: --limit shows more" if page.last else ""
    print_table(("id", NAME, "status", "address", "added"), rows, empty="no such buildings", remark=remark)


@app.command()
def show(building: Id, *, json: AsJson = False) -> None:
    """Show a building: its model, floors, areas, findings and last jobs.

    Example: arxos buildings show 'North tower'
    """
    runtime = session()
    building_id = _resolve(runtime, building)
    summary = jsonlib.loads(read_summary(runtime.ports, building_id))
    with runtime.ports.unit_of_work() as uow:
        jobs = uow.jobs.find(JobFilter(building_id=building_id), limit=10).jobs
        report = uow.buildings.report(UUID(summary["model"]["id"])) if summary["model"] else None
    if json:
        found = [] if report is None else list(report.findings)
        print_json({**summary, "report": found, "jobs": [job_document(job) for job in jobs]})
        return
    rows = [(job.id, job.kind, job.state, job.error_message) for job in jobs]
    print_table(("job", "kind", "state", "error"), rows, empty="no jobs", above=[*summary_parts(summary, report), ""])


@app.command()
def find(
    building: Id,
    *,
    at: Annotated[str | None, typer.Option(metavar="x,y[,z]", help="What covers this point. Metres.")] = None,
    bbox: Annotated[str | None, typer.Option(metavar="x0,y0[,z0],x1,y1[,z1]", help="What meets this box.")] = None,
    near: Annotated[str | None, typer.Option(metavar="x,y,z", help="What is nearest, nearest first.")] = None,
    ifc_class: Annotated[str | None, typer.Option(help="Only this class, such as IfcDoor.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    json: AsJson = False,
) -> None:
    """Find elements by place, and at a point the spaces, too. Coordinates are the model's own, in metres.

    Example: arxos buildings find 'North tower' --at 12.5,3.0,1.2  # what is here?
    Example: arxos buildings find 'North tower' --near 0,0,0 --limit 5 --ifc-class IfcDoor
    """
    if sum(given is not None for given in (at, bbox, near)) > 1:
        raise typer.BadParameter("name one of --at, --bbox and --near")
    query = ElementQuery(
        at=None if at is None else places.point(at, "--at"),
        box=None if bbox is None else places.box(bbox),
        near=None if near is None else places.near(near),
        ifc_class=ifc_class,
        limit=limit,
    )
    runtime = session()
    building_id = _resolve(runtime, building)
    with runtime.ports.unit_of_work() as uow:
        elements = uow.buildings.elements(building_id, query)
        wants_spaces = query.at is not None and ifc_class in (None, SPACE)
        spaces = uow.buildings.spaces_at(building_id, *query.at) if query.at and wants_spaces else ()
    items = [*(_item(space, SPACE) for space in spaces), *(_item(element, element.ifc_class) for element in elements)]
    if json:
        print_json(items)
        return
    fields = ("ifc_class", "name", "global_id", "z_min", "z_max")
    columns = [NAME if field == NAME.name else field for field in fields]
    print_table(columns, [tuple(item[field] for field in fields) for item in items], empty="nothing is there")


@app.command()
def plan(
    building: Id,
    floor: Annotated[str | None, typer.Option(help="Its name or id; else the lowest with spaces.")] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write here, not to standard output.")] = None,
    format: Annotated[PlanFormat, typer.Option(help="A drawing, or data.")] = PlanFormat.SVG,  # noqa: A002 - the option's public name
) -> None:
    """Draw a floor.

    Example: arxos buildings plan "Arxos House" --floor "First floor" --out first.svg
    """
    runtime = session()
    drawn = read_plan(runtime.ports, _resolve(runtime, building), floor, format)
    write_file(out or Path("-"), drawn)


def _resolve(runtime: Runtime, given: str) -> UUID:
    """A building's id from its id or name. Raises NotFoundError, InvalidError for a name of several."""
    try:
        return UUID(given)
    except ValueError:
        pass  # not an id: a name
    with runtime.ports.unit_of_work() as uow:
        named = [b.id for b in uow.buildings.list(q=given, limit=1000).items if b.name.casefold() == given.casefold()]
    if not named:
        raise NotFoundError(f"no building {given!r}")
    if len(named) > 1:
        raise InvalidError(f"{len(named)} buildings are named {given!r}: use the id; newest {named[0]}")
    return named[0]


def _document(building: Building) -> dict[str, Any]:
    return {
        "id": building.id,
        "name": building.name,
        "address": building.address.line,
        "status": building.status,
        "created_at": building.created_at,
        "updated_at": building.updated_at,
    }


def _item(place: Element | Space, ifc_class: str) -> dict[str, Any]:
    """An element or space as the contract has it; the footprint as GeoJSON geometry in metres."""
    shape = None if place.footprint is None else jsonlib.loads(shapely.to_geojson(place.footprint))
    return {
        "global_id": place.global_id,
        "ifc_class": ifc_class,
        "name": " ".join(filter(None, (place.name, place.long_name))) if isinstance(place, Space) else place.name,
        "floor_id": place.floor_id,
        "z_min": None if place.box is None else round(place.box.z_min, 3),
        "z_max": None if place.box is None else round(place.box.z_max, 3),
        "footprint": shape,
    }
