"""`arxos queues …`: what waits where, and pausing it."""

from datetime import timedelta
from typing import Annotated

import typer

from arxos.cli import choices
from arxos.cli.jobs import AsJson
from arxos.cli.operator import By, Reason, operator
from arxos.cli.output import Column, print_json, print_remark, print_table
from arxos.cli.session import session
from arxos.domain.jobs.job import STATES
from arxos.domain.jobs.relay import complaint
from arxos.storage.quarantine import QuarantineFilter, QuarantineTable
from arxos.storage.services import Services
from arxos.tasks.queues import known_queue

Queue = Annotated[str, typer.Argument(metavar="QUEUE", help="Such as geometry.", autocompletion=choices.queues)]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]

app = typer.Typer(help="What waits where, and pausing it.", no_args_is_help=True)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the queues with their jobs by state; say on stderr what is wrong with publishing.

    Of what succeeded or was cancelled, only what ended within the last hour counts.

    Example: arxos queues list
    """
    runtime = session()
    with runtime.ports.unit_of_work() as uow:
        queues = uow.jobs.queues()
    if wrong := complaint(Services(runtime.database).relays(runtime.settings.lease_s)):
        print_remark(wrong)
    if json:
        print_json(queues)
        return
    print_table(
        ("queue", *STATES, Column("oldest due s", "oldest due"), "paused by", "reason"),
        [
            (q.queue, *(q.states.get(s, 0) for s in STATES), _age(q.oldest_due_s), q.paused_by, q.pause_reason)
            for q in queues
        ],
        empty="no queue has jobs",
    )


def _age(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=round(seconds, 1))


@app.command()
def quarantine(limit: Limit = 50, json: AsJson = False) -> None:
    """List what arrived on a queue and was no message of the relay's, the latest first.

    Example: arxos queues quarantine --limit 10
    """
    latest = QuarantineTable(session().database).find(QuarantineFilter(), limit)
    if json:
        print_json(latest)
        return
    print_table(
        ("received at", "queue", "reason", "bytes", "task", "message"),
        [(q.received_at, q.queue, q.reason, q.size_bytes, q.task, q.message_id) for q in latest],
        empty="nothing arrived that was no message of the relay's",
    )


@app.command()
def pause(queue: Queue, reason: Reason = None, by: By = None) -> None:
    """Start nothing more from a queue; what runs goes on.

    Example: arxos queues pause geometry --reason 'the disk is full' --as ada
    """
    with session().ports.unit_of_work() as uow:
        uow.jobs.pause(known_queue(queue), operator(by, reason))
        uow.commit()


@app.command()
def resume(queue: Queue, by: By = None) -> None:
    """Let a paused queue go on.

    Example: arxos queues resume geometry
    """
    with session().ports.unit_of_work() as uow:
        uow.jobs.resume(known_queue(queue), operator(by, None))
        uow.commit()
