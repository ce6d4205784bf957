"""`arxos demo`: one model through the whole system, and the report of it."""

import json as jsonlib
import re
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from arxos.app.bootstrap import Runtime
from arxos.cli import importing
from arxos.cli.jobs import AsJson
from arxos.cli.output import print_json, print_page, print_remark, print_table
from arxos.cli.progress import job_bars
from arxos.cli.session import session
from arxos.cli.summary_table import summary_parts
from arxos.domain.buildings.findings import Severity, ValidationReport
from arxos.domain.buildings.receive_model import Received
from arxos.domain.buildings.warm_cache import PlanFormat, read_plan, read_summary
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.job import FINAL, Job, JobState

CHECKOUT = Path(__file__).resolve().parents[2]
SAMPLE = CHECKOUT / "examples" / "office.ifc"
PLACEHOLDER_ADDRESS = "Demo Street 1, Demo City"  # of a file that states none
STALLED_POLLS = 100  # some 10 s without a job running: say why


def demo(
    *,
    model: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The model file.")] = SAMPLE,
    json: AsJson = False,
) -> None:
    """Take a model through import, validation, geometry index and cache, and print the report.

    Exit 0 only if every job succeeded; findings about the model are no failure.

    Example: arxos demo --model tower.ifc --json
    """
    runtime = session("arxos-demo")
    try:
        building_id, received, jobs = _process(runtime, model)
    except InvalidError as error:
        if json:
            print_json(_refused(str(error)))
        raise
    failures = [job for job in jobs if job.state is not JobState.SUCCEEDED]
    summary = jsonlib.loads(read_summary(runtime.ports, building_id))
    report = _report(runtime, received.model_id)
    plans = _write_plans(runtime, summary)
    if json:
        print_json(_document(summary, report, received, jobs, plans))
    else:
        _print(summary, report, jobs, plans)
    for job in failures:
        print(f"arxos: {job.kind} {job.state}: {' '.join((job.error_message or '').split())}", file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def _process(runtime: Runtime, path: Path) -> tuple[UUID, Received, list[Job]]:
    importing.check_file(runtime, path)
    stated = importing.stated_or_stem(runtime.ports.readers, path)
    building_id = importing.add_building(runtime, stated.name, stated.address or PLACEHOLDER_ADDRESS).id
    received = importing.receive_file(runtime, building_id, path, "demo")
    return building_id, received, _wait(runtime, importing.jobs_of(runtime, building_id, received.model_id))


def _wait(runtime: Runtime, jobs: list[Job]) -> list[Job]:
    with job_bars() as show:
        polls = 0

        def look(now: list[Job]) -> None:
            nonlocal polls
            show(now)
            polls = 0 if any(job.state is JobState.RUNNING for job in now) else polls + 1
            if polls and polls % STALLED_POLLS == 0:
                print_remark(_why(runtime, next(job for job in now if job.state not in FINAL)))

        return importing.watch(runtime, jobs, look)


def _why(runtime: Runtime, job: Job) -> str:
    with runtime.ports.unit_of_work() as uow:
        return f"{job.kind}: {explain(uow.jobs.snapshot(job.id, runtime.settings.lease_s))}"


def _report(runtime: Runtime, model_id: UUID) -> ValidationReport | None:
    with runtime.ports.unit_of_work() as uow:
        return uow.buildings.report(model_id)


def _write_plans(runtime: Runtime, summary: dict[str, Any]) -> list[str]:
    """Every floor's plan as a file under `.local/plans`, lowest first."""
    root = CHECKOUT if SAMPLE.is_file() else Path.cwd()
    folder = root / ".local" / "plans" / summary["id"]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, floor in enumerate(summary["floors"]):
        slug = re.sub(r"[^a-z0-9]+", "-", (floor["name"] or "floor").lower()).strip("-")[:40] or "floor"
        path = folder / f"{number:02}-{slug}.svg"
        path.write_bytes(read_plan(runtime.ports, UUID(summary["id"]), floor["id"], PlanFormat.SVG))
        written.append(str(path))
    return written


def _document(
    summary: dict[str, Any], report: ValidationReport | None, received: Received, jobs: list[Job], plans: list[str]
) -> dict[str, Any]:
    """The document of the contract; with `error` where a job did not succeed."""
    schema = report.schema if report is not None else (summary["model"] or {}).get("schema")
    found = report.counts() if report is not None else {severity.value: 0 for severity in Severity}
    document = {
        "building_id": summary["id"],
        "model": {"sha256": received.sha256, "schema": schema, "size_bytes": received.size_bytes},
        "counts": {
            "floors": len(summary["floors"]),
            "spaces": summary["spaces"],
            "elements": summary["elements"],
            "elements_with_geometry": summary["elements_with_geometry"],
        },
        "validation": {"valid": report is not None and report.valid, "findings": found},
        "jobs": [_job(job) for job in jobs],
        "plans": plans,
    }
    errors = [f"{job.kind}: {job.error_message}" for job in jobs if job.state is not JobState.SUCCEEDED]
    return document | ({"error": "; ".join(errors)} if errors else {})


def _refused(error: str) -> dict[str, Any]:
    """What is known of a file that was not even taken in."""
    counts = dict.fromkeys(("floors", "spaces", "elements", "elements_with_geometry"), 0)
    return {
        "building_id": None,
        "model": {"sha256": None, "schema": None, "size_bytes": None},
        "counts": counts,
        "validation": {"valid": False, "findings": {severity.value: 0 for severity in Severity}},
        "jobs": [],
        "plans": [],
        "error": error,
    }


def _job(job: Job) -> dict[str, Any]:
    """`wait_ms`: from when it was due until its last attempt began; `run_ms`: that attempt."""
    wait_ms, run_ms = timings_ms(job)
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "attempts": job.attempt,
        "wait_ms": wait_ms,
        "run_ms": run_ms,
    }


def timings_ms(job: Job) -> tuple[int | None, int | None]:
    """(waited, ran) in whole milliseconds; None for what did not happen."""
    if job.started_at is None:
        return None, None
    waited = max(0, round((job.started_at - job.available_at).total_seconds() * 1000))
    if job.finished_at is None:
        return waited, None
    return waited, round((job.finished_at - job.started_at).total_seconds() * 1000)


def _print(summary: dict[str, Any], report: ValidationReport | None, jobs: list[Job], plans: list[str]) -> None:
    print_page(*summary_parts(summary, report))
    print()
    rows = [(job.kind, job.state, job.attempt, *timings_ms(job)) for job in jobs]
    print_table(("job", "state", "attempts", "waited ms", "ran ms"), rows)
    print("\nplans")
    for plan in plans:
        print(f"  {plan}")
    print(f"\nMore: ./run arxos buildings show {summary['id']}")
