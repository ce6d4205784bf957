"""`arxos workers …`: who works, at what, and having one finish and go."""

from datetime import timedelta
from typing import Annotated

import typer

from arxos.app import operating
from arxos.cli.jobs import AsJson
from arxos.cli.operator import By, Reason, operator
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.session import session
from arxos.storage.worker_facts import WorkerFacts, workers

Worker = Annotated[str, typer.Argument(metavar="WORKER", help="Its id; `arxos workers list` shows them.")]

app = typer.Typer(help="Who works, at what; have one finish and go.", no_args_is_help=True)

MEBIBYTE = 1 << 20


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the workers: how much each runs, its memory, its last heartbeat, and whether it is to go.

    Silent ones are listed until their jobs are taken back.

    Example: arxos workers list
    Example: arxos workers list --json  # with the jobs that each runs
    """
    found = workers(session().database)
    if json:
        print_json(found)
        return
    print_table(
        (
            "id",
            "pool",
            "busy",
            "slots",
            Column("memory MiB", "MiB"),
            Column("silent s", "silent"),
            "since",
            Column("version", spare=True),
            Column("queues", spare=True),
            "drained by",
        ),
        [_line(one) for one in found],
        empty="no workers: start one with `arxos worker --pool cpu`",
    )


@app.command()
def drain(worker: Worker, reason: Reason = None, by: By = None) -> None:
    """Have a worker finish what it runs, and end; whatever supervises it starts another one in its place.

    It hears of it with its next heartbeat. What takes longer than ARXOS_DRAIN_S is given back, no attempt burned.

    Example: arxos workers drain cpu@worker-1:4711:3f9a2c --reason 'it takes ever more memory'
    """
    operating.drain(session(), worker, operator(by, reason))


def _line(one: WorkerFacts) -> tuple[object, ...]:
    memory = None if one.memory_bytes is None else one.memory_bytes // MEBIBYTE
    silent = timedelta(seconds=round(one.silent_s, 1))
    told = (one.id, one.pool, len(one.jobs), one.slots, memory, silent, one.started_at)
    return (*told, one.version, ", ".join(one.queues), one.drain_requested_by)
