"""`arxos jobs history`: what is known of jobs that have left the ledger."""

from dataclasses import asdict
from typing import Annotated

import typer

from arxos.cli import choices
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.session import session
from arxos.domain.jobs.retention import PastJob

AsJson = Annotated[bool, typer.Option("--json", help="Exact, for programs.")]


def history(
    kind: Annotated[str | None, typer.Option(help="Of this kind only.", autocompletion=choices.kinds)] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: AsJson = False,
) -> None:
    """List jobs that were pruned, newest first: a line of each is kept.

    Example: arxos jobs history --kind building.validate --limit 20
    """
    with session().ports.unit_of_work() as uow:
        past = uow.jobs.past_jobs(kind=kind, limit=limit)
    if json:
        print_json([asdict(one) for one in past])
        return
    print_table(
        ("id", "kind", Column("queue", spare=True), "state", Column("attempts", spare=True), "finished", "error"),
        [_line(one) for one in past],
        empty="nothing was pruned yet",
    )


def _line(one: PastJob) -> tuple[object, ...]:
    error = f"{one.error_type}: {one.error_message}" if one.error_type else None
    return one.id, one.kind, one.queue, one.state, one.attempts, one.finished_at, error
