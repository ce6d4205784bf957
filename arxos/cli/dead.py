"""`arxos dead …`: dead letters, many at once."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from arxos.app.bootstrap import Runtime, start
from arxos.cli.jobs import AsJson, By, job_document
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.times import Since
from arxos.domain.errors import ConflictError
from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.ports import UnitOfWork

app = typer.Typer(help="Dead letters: list, redrive, discard.", no_args_is_help=True)

Kind = Annotated[str | None, typer.Option(help="Of this kind only.")]
Queue = Annotated[str | None, typer.Option(help="Of this queue only.")]
Error = Annotated[str | None, typer.Option(help="Whose error contains this text.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would match.")]
Rate = Annotated[float | None, typer.Option(min=0.01, help="At most so many a second.")]


@app.command("list")
def list_(
    kind: Kind = None, queue: Queue = None, error: Error = None, since: Since = None, json: AsJson = False
) -> None:
    """List dead letters, newest first.

    Example: arxos dead list --error 'no such model' --since 1d
    """
    jobs = list(_dead(start(application="arxos-cli"), kind, queue, error, since))
    if json:
        print_json([job_document(job) for job in jobs])
        return
    print_table(
        ("id", "kind", Column("queue", spare=True), Column("attempts", spare=True), "died", "error"),
        [(j.id, j.kind, j.queue, j.attempt, j.finished_at, f"{j.error_type}: {j.error_message}") for j in jobs],
        empty="no dead letters",
    )


@app.command()
def redrive(
    kind: Kind = None,
    queue: Queue = None,
    error: Error = None,
    since: Since = None,
    rate: Rate = None,
    dry_run: DryRun = False,
    by: By = "cli",
) -> None:
    """Send dead letters round again; without a filter, all of them.

    Example: arxos dead redrive --kind building.index_geometry --rate 5
    """
    runtime = start(application="arxos-cli")
    jobs = _dead(runtime, kind, queue, error, since)
    _act(runtime, jobs, lambda uow, job_id: uow.jobs.redrive(job_id, by), rate=rate, dry_run=dry_run)


@app.command()
def discard(
    reason: Annotated[str, typer.Option(help="Why: recorded.")],
    kind: Kind = None,
    queue: Queue = None,
    error: Error = None,
    since: Since = None,
    rate: Rate = None,
    dry_run: DryRun = False,
    by: By = "cli",
) -> None:
    """Close dead letters for good; without a filter, all of them.

    Example: arxos dead discard --kind building.validate --since 2h --reason 'wrong files' --dry-run
    """
    runtime = start(application="arxos-cli")
    jobs = _dead(runtime, kind, queue, error, since)
    _act(runtime, jobs, lambda uow, job_id: uow.jobs.discard(job_id, by, reason), rate=rate, dry_run=dry_run)


def _dead(
    runtime: Runtime, kind: str | None, queue: str | None, error: str | None, since: datetime | None
) -> Iterator[Job]:
    which = JobFilter(state=JobState.DEAD, kind=kind, queue=queue, error=error, since=since)
    cursor: UUID | None = None
    while True:
        with runtime.ports.unit_of_work() as uow:
            page = uow.jobs.find(which, limit=500, before=cursor)
        yield from page.jobs
        if page.cursor is None:
            return
        cursor = page.cursor


def _act(
    runtime: Runtime,
    jobs: Iterator[Job],
    act: Callable[[UnitOfWork, UUID], None],
    *,
    rate: float | None,
    dry_run: bool,
) -> None:
    """One transaction a job, so that a long act can be stopped at any point and begun again."""
    matched = done = 0
    for job in jobs:
        matched += 1
        if not dry_run:
            done += _act_on_one(runtime, job.id, act)
            time.sleep(1 / rate if rate else 0)
    print_json({"matched": matched, "done": done})


def _act_on_one(runtime: Runtime, job_id: UUID, act: Callable[[UnitOfWork, UUID], None]) -> int:
    try:
        with runtime.ports.unit_of_work() as uow:
            act(uow, job_id)
            uow.commit()
    except ConflictError:  # somebody else acted on it since it was listed
        return 0
    return 1
