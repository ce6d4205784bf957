"""`arxos dead …`: dead letters, one by one, by what they died of, and many at once."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from uuid6 import uuid7

from arxos.app.bootstrap import Runtime
from arxos.cli.acts import DropDeadline
from arxos.cli.dead_answers import print_done, print_preview, print_undone
from arxos.cli.dead_filter import filtered
from arxos.cli.jobs import COUNTED, AsJson, job_document, remainder
from arxos.cli.operator import By, Reason, ReasonNeeded, operator
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.session import session
from arxos.domain.jobs.bulk import act_on_all
from arxos.domain.jobs.bulk import undo as undo_act
from arxos.domain.jobs.desk import Action, Order
from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator

if TYPE_CHECKING:
    from arxos.domain.jobs.listing import Place

app = typer.Typer(help="Dead letters: list and group them, redrive, discard, undo.", no_args_is_help=True)

SHOWN = 50  # of a list in a terminal
GROUPS = 1000

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would match, and what stands in its way.")]
Rate = Annotated[
    float | None, typer.Option(min=0.01, help="Redriven jobs become due so many a second; discards take their time.")
]
Limit = Annotated[int | None, typer.Option(min=1, help=f"At most so many; left out: {SHOWN} in a terminal, else all.")]


@app.command("list")
@filtered
def list_(which: JobFilter, limit: Limit = None, json: AsJson = False) -> None:
    """List dead letters, newest first.

    Example: arxos dead list --error 'no such model' --since 1d
    """
    runtime = session()
    most = limit or (SHOWN if sys.stdout.isatty() and not json else None)
    jobs = list(islice(_dead(runtime, which), most))
    if json:
        print_json([job_document(job) for job in jobs])
        return
    print_table(
        (
            "id",
            "kind",
            Column("queue", spare=True),
            Column("attempts", spare=True),
            "died",
            Column("fingerprint", spare=True),
            "error",
        ),
        [
            (j.id, j.kind, j.queue, j.attempt, j.finished_at, j.error_fingerprint, f"{j.error_type}: {j.error_message}")
            for j in jobs
        ],
        empty="no dead letters",
        remark=remainder(most, _count(runtime, which), "dead letters") if most == len(jobs) else "",
    )


@app.command()
@filtered
def groups(
    which: JobFilter,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many groups.")] = GROUPS,
    json: AsJson = False,
) -> None:
    """Show what jobs died of: one line for errors alike but for numbers, ids and names, the most frequent first.

    Example: arxos dead groups --since 1d
    """
    with session().ports.unit_of_work() as uow:
        found = uow.desk.groups(which, limit)
    if json:
        print_json(found)
        return
    print_table(
        (
            "jobs",
            "fingerprint",
            "kinds",
            Column("first", spare=True),
            "last",
            Column("sample", spare=True),
            Column("place", spare=True),
            "error",
        ),
        [
            (
                one.count,
                one.fingerprint,
                ", ".join(one.kinds),
                one.first_died_at,
                one.last_died_at,
                one.sample,
                one.error_place,
                f"{one.error_type}: {one.error_message}",
            )
            for one in found
        ],
        empty="no dead letters",
    )


@app.command()
@filtered
def redrive(
    which: JobFilter,
    rate: Rate = None,
    drop_deadline: DropDeadline = False,
    dry_run: DryRun = False,
    reason: Reason = None,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Send dead letters round again; without a filter, all of them.

    Example: arxos dead redrive --kind building.index_geometry --rate 5
    Example: arxos dead redrive --fingerprint 0f3a6c1e9b52 --reason 'fixed in 1.4' --dry-run
    """
    _act(Action.REDRIVE, which, operator(by, reason), rate, drop_deadline=drop_deadline, dry_run=dry_run, json=json)


@app.command()
@filtered
def discard(
    which: JobFilter,
    reason: ReasonNeeded,
    rate: Rate = None,
    dry_run: DryRun = False,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Close dead letters for good; without a filter, all of them.

    Example: arxos dead discard --kind building.validate --since 2h --reason 'wrong files' --dry-run
    """
    _act(Action.DISCARD, which, operator(by, reason), rate, drop_deadline=False, dry_run=dry_run, json=json)


@app.command()
def undo(
    act: Annotated[UUID, typer.Argument(metavar="ACT", help="Its id; `arxos dead acts` lists them.")],
    reason: Reason = None,
    by: By = None,
    json: AsJson = False,
) -> None:
    """Make what a redrive or discard of many was done to dead again, except what has started since.

    Example: arxos dead undo ACT --reason 'too early'
    """
    print_undone(undo_act(session().ports.unit_of_work, act, operator(by, reason)), json=json)


@app.command()
def acts(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20, json: AsJson = False
) -> None:
    """List the latest redrives and discards of many, with who did them and why.

    Example: arxos dead acts
    """
    with session().ports.unit_of_work() as uow:
        found = uow.desk.acts(limit)
    if json:
        print_json(found)
        return
    print_table(
        ("id", "act", "began", "by", "from", "jobs", "undone", "undo until", "filter", "reason"),
        [
            (
                one.id,
                one.action,
                one.started_at,
                one.actor,
                one.source,
                one.done,
                one.undone,
                one.undo_until,
                " ".join(f"{name}={value}" for name, value in one.filter.items()) or "all",
                one.reason,
            )
            for one in found
        ],
        empty="no acts on many dead letters",
    )


def _dead(runtime: Runtime, which: JobFilter) -> Iterator[Job]:
    cursor: Place | None = None
    while True:
        with runtime.ports.unit_of_work() as uow:
            page = uow.jobs.find(replace(which, state=JobState.DEAD), limit=500, before=cursor)
        yield from page.jobs
        if page.cursor is None:
            return
        cursor = page.cursor


def _count(runtime: Runtime, which: JobFilter) -> int:
    with runtime.ports.unit_of_work() as uow:
        return uow.jobs.count(replace(which, state=JobState.DEAD), COUNTED)


def _act(
    action: Action,
    which: JobFilter,
    by: Operator,
    rate: float | None,
    *,
    drop_deadline: bool,
    dry_run: bool,
    json: bool,
) -> None:
    runtime = session()
    if dry_run:
        print_preview(runtime, action, which, json=json)
        return
    order = Order(action, which, by, runtime.settings.undo_s, rate, drop_deadline)
    print_done(action, act_on_all(runtime.ports.unit_of_work, order, uuid7(), time.sleep), json=json)
