"""`arxos jobs …`: look at jobs, and act on one."""

import sys
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from arxos.cli import choices
from arxos.cli.cells import flat
from arxos.cli.job_ids import JobId
from arxos.cli.job_page import acts_of, attempts_of, facts_of, job_page
from arxos.cli.output import Column, print_json, print_page, print_table, screen_width
from arxos.cli.session import session
from arxos.cli.times import Since
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.job import Job, JobState, in_words
from arxos.domain.jobs.ledger import JobFilter
from arxos.tasks.queues import POOL_OF

app = typer.Typer(help="Look at jobs, and act on one.", no_args_is_help=True)
COUNTED = 10_000  # of more it is only said that there are more

AsJson = Annotated[bool, typer.Option("--json", help="Exact, for programs.")]
Reason = Annotated[str, typer.Option(help="Why: recorded.")]


@app.command("list")
def list_(
    state: Annotated[JobState | None, typer.Option(help="In this state only.")] = None,
    kind: Annotated[str | None, typer.Option(help="Of this kind only.", autocompletion=choices.kinds)] = None,
    queue: Annotated[str | None, typer.Option(help="Of this queue only.", autocompletion=choices.queues)] = None,
    building: Annotated[UUID | None, typer.Option(help="Of this building only, by its id.")] = None,
    submitter: Annotated[str | None, typer.Option(help="Submitted by these only.")] = None,
    error: Annotated[str | None, typer.Option(help="Whose error contains this text.")] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: AsJson = False,
) -> None:
    """List jobs, newest first.

    Example: arxos jobs list --state dead --queue geometry
    Example: arxos jobs list --kind building.validate --since 2h
    """
    which = JobFilter(state, kind, queue, building, submitter, error, since=since)
    with session().ports.unit_of_work() as uow:
        page = uow.jobs.find(which, limit=limit)
        there_are = uow.jobs.count(which, COUNTED) if page.cursor else 0
    if not page.jobs:
        choices.remark_on_unknown(kind, queue)
    if json:
        print_json([job_document(job) for job in page.jobs])
        return
    print_table(
        ("id", "kind", Column("queue", spare=True), "state", Column("attempt", spare=True), "created", "error"),
        [_line(job) for job in page.jobs],
        empty="no such jobs" if which != JobFilter() else "no jobs",
        remark=remainder(limit, there_are, "jobs"),
    )


@app.command()
def show(
    job_id: JobId,
    traceback: Annotated[bool, typer.Option("--traceback", help="With where in the code attempts failed.")] = False,
    json: AsJson = False,
) -> None:
    """Show one job with its attempts, and what operators did to it.

    Example: arxos jobs show JOB --traceback
    """
    with session().ports.unit_of_work() as uow:
        job = uow.jobs.get(job_id)
    if json:
        print_json(job_document(job))
        return
    if sys.stdout.isatty():
        print_page(*job_page(job, screen_width()))
        print_tracebacks(job, wanted=traceback)
        return
    print_table(("fact", "value"), facts_of(job_document(job)))
    print()
    print_table(*attempts_of(job))
    if job.acts:
        print()
        print_table(*acts_of(job))
    print_tracebacks(job, wanted=traceback)


@app.command()
def why(job_id: JobId, json: AsJson = False) -> None:
    """Say in a sentence or two why a job does not run, or what it does.

    Example: arxos jobs why JOB
    """
    runtime = session()
    with runtime.ports.unit_of_work() as uow:
        seen = uow.jobs.snapshot(job_id, runtime.settings.lease_s, runtime.settings.republish_s)
    sentence = explain(seen, POOL_OF)
    print_json({"id": job_id, "state": seen.job.state, "why": sentence}) if json else print(sentence)


def print_tracebacks(job: Job, *, wanted: bool) -> None:
    """Of each attempt that has one, as it was written down."""
    for one in job.attempts:
        if wanted and one.traceback:
            print(f"\nattempt {one.attempt} on {one.worker}, version {one.version}")
            print("\n".join(map(flat, one.traceback.splitlines())))


def job_document(job: Job) -> dict[str, object]:
    """A job as JSON shows it, here and over HTTP."""
    document: dict[str, object] = {name: getattr(job, name) for name in Job.__slots__}
    message = f"{job.error_type}: {job.error_message}" if job.error_type else None
    document["error"] = message
    document["unreadable"] = [asdict(one) for one in job.unreadable] or None
    return document


def remainder(shown: int, there_are: int, what: str) -> str:
    """The last line of a list that was cut off: ``50 of 1,203 jobs: --limit shows more``; nothing for a whole one."""
    more = "+" if there_are >= COUNTED else ""
    return f"{shown:,} of {there_are:,}{more} {what}: --limit shows more" if there_are > shown else ""


def _line(job: Job) -> tuple[object, ...]:
    error = f"{job.error_type}: {job.error_message}" if job.error_type else None
    if job.unreadable:
        error = f"unreadable: {in_words(job.unreadable)}"
    return job.id, job.kind, job.queue, job.state, f"{job.attempt}/{job.max_attempts}", job.created_at, error
