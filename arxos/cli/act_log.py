"""`arxos acts …`: what operators did."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from arxos.cli.dead_filter import TIME
from arxos.cli.job_ids import job_id
from arxos.cli.jobs import AsJson
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.session import session
from arxos.cli.times import parse_time
from arxos.storage.act_log import ActFilter, ActLog, LoggedAct

app = typer.Typer(help="What operators did: who, when, why, from where.", no_args_is_help=True)

SUBJECTS = ("queue", "kind", "schedule", "worker", "name", "submitter")  # what details name


def _time(text: str) -> datetime:
    return parse_time(text)


@app.command("list")
def list_(
    *,
    actor: Annotated[str | None, typer.Option(help="By this one only.")] = None,
    action: Annotated[str | None, typer.Option(help="Of this sort only, such as redrive or pause_queue.")] = None,
    job: Annotated[
        UUID | None, typer.Option(parser=job_id, help="To this job only, as one of many too; its id or beginning.")
    ] = None,
    act: Annotated[UUID | None, typer.Option(help="To each of the jobs of this act on many.")] = None,
    since: Annotated[datetime | None, typer.Option(metavar="TIME", parser=_time, help=f"Done since: {TIME}")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: AsJson = False,
) -> None:
    """List what operators did, the latest first; an act on many jobs is one line.

    Example: arxos acts list --since 1d
    Example: arxos acts list --actor ada --action redrive
    """
    found = ActLog(session().database).find(ActFilter(actor, action, job, act, since), limit)
    if json:
        print_json(found)
        return
    print_table(
        ("at", "who", "act", "on", "jobs", Column("from", spare=True), "reason"),
        [(one.at, one.actor, one.action, _subject(one), one.jobs, one.source, one.reason) for one in found],
        empty="no such acts",
    )


def _subject(act: LoggedAct) -> object:
    """The job, or what the details name: a queue, a kind, a schedule, a worker, or which dead letters."""
    if act.job_id is not None:
        return act.job_id
    which = " ".join(f"{name}={value}" for name, value in act.details.get("filter", {}).items())
    return next((act.details[name] for name in SUBJECTS if name in act.details), which)
