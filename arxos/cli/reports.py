"""`arxos report …`: what was added up, and the objectives held against it."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from arxos.cli.jobs import AsJson
from arxos.cli.output import print_json, print_table, write_file
from arxos.cli.session import session
from arxos.domain.rollups.buckets import Grain, bucket_of
from arxos.domain.rollups.roll_jobs import by_kind
from arxos.domain.rollups.rows import JobRollup
from arxos.domain.rollups.sketch import Sketch, percentiles
from arxos.domain.rollups.slo import Objective, read_slo
from arxos.domain.rollups.slo_svg import draw_slo, words

app = typer.Typer(help="What was added up, and the objectives held against it.", no_args_is_help=True)

Days = Annotated[float, typer.Option(min=0.01, max=400, help="So many days back from now.")]


@app.command()
def slo(
    days: Days = 30,
    svg: Annotated[Path | None, typer.Option(help="Write a picture into this file as well.", dir_okay=False)] = None,
    json: AsJson = False,
) -> None:
    """Hold the interface and the workers against the platform's objectives, with their error budgets.

    Example: arxos report slo --days 7
    """
    with session().ports.unit_of_work() as uow:
        now = uow.rollups.now()
        report = read_slo(uow, now - timedelta(days=days), now)
    if svg is not None:
        write_file(svg, draw_slo(report).encode())
    if json:
        print_json(asdict(report) | {"met": report.met})
        return
    columns = ("objective", "target", "is", "met", "of", "may be bad", "were bad", "budget spent")
    print_table(columns, [_objective(one) for one in report.objectives])


@app.command()
def jobs(
    days: Days = 1,
    kind: Annotated[str | None, typer.Option(help="Of this kind only.")] = None,
    queue: Annotated[str | None, typer.Option(help="Of this queue only.")] = None,
    json: AsJson = False,
) -> None:
    """Show by kind what jobs did: counts, how long they waited and ran (50, 95 and 99 of 100), what they cost.

    Example: arxos report jobs --days 7 --queue geometry
    """
    with session().ports.unit_of_work() as uow:
        now = uow.rollups.now()
        grain = Grain.FIVE_MINUTES if days <= 1 else Grain.HOUR
        since = bucket_of(now - timedelta(days=days), grain)
        found = by_kind(uow.rollups.jobs(grain, since, now, kind=kind, queue=queue))
    if json:
        print_json([_document(name, one) for name, one in found.items()])
        return
    columns = (
        "kind",
        "succeeded",
        "dead",
        "cancelled",
        "retries",
        "lost",
        "waited p50/95/99",
        "ran p50/95/99",
        "CPU s",
    )
    print_table(columns, [_kind(*one) for one in found.items()], empty="nothing was added up: arxos submit rollup.jobs")


@app.command()
def buildings(days: Days = 1, json: AsJson = False) -> None:
    """Show by day and sender how many buildings there are, how large, how valid and how well.

    Example: arxos report buildings --days 30
    """
    today = datetime.now(UTC).date()
    with session().ports.unit_of_work() as uow:
        found = uow.rollups.buildings(today - timedelta(days=round(days)), today + timedelta(days=1))
    if json:
        print_json([{"day": day.isoformat(), **asdict(row)} for day, row in found])
        return
    columns = (
        "day",
        "sender",
        "buildings",
        "models",
        "bytes",
        "m²",
        "floors",
        "spaces",
        "elements",
        "valid",
        "healthy",
    )
    rows = [
        (day, row.tenant or "–", row.buildings, row.models, row.storage_bytes, round(row.space_area_m2), row.floors,
         row.spaces, row.elements, f"{row.valid}/{row.validated}", row.health.get("healthy", 0))
        for day, row in found
    ]  # fmt: skip
    print_table(columns, rows, empty="nothing was counted: arxos submit rollup.buildings")


def _objective(one: Objective) -> tuple[object, ...]:
    met = {None: "–", True: "yes", False: "no"}[one.met]
    burn = "–" if one.burn is None else f"{one.burn * 100:.1f} %"
    return one.name, one.target, words(one).partition(",")[0], met, one.total, f"{one.allowed:.1f}", one.spent, burn


def _kind(name: str, found: dict[str, JobRollup]) -> tuple[object, ...]:
    whole = found["*"]
    jobs = (found[state].jobs if state in found else 0 for state in ("succeeded", "dead", "cancelled"))
    lost = found["lost"].attempts if "lost" in found else 0
    return name, *jobs, whole.retries, lost, _three(whole.waited), _three(whole.ran), f"{whole.cpu_s:.2f}"


def _three(sketch: Sketch) -> str:
    return " / ".join("–" if one is None else f"{one:.3g}" for one in percentiles(sketch).values())


def _document(name: str, found: dict[str, JobRollup]) -> dict[str, object]:
    whole = found["*"]
    outcomes = {key: {"jobs": one.jobs, "attempts": one.attempts} for key, one in found.items() if key != "*"}
    return {
        "kind": name,
        "outcomes": outcomes,
        "retries": whole.retries,
        "cpu_s": whole.cpu_s,
        "waited_s": percentiles(whole.waited),
        "ran_s": percentiles(whole.ran),
    }
