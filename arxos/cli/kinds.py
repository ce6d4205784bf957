"""`arxos kinds …`: the job kinds, and pausing one."""

from typing import Annotated, Any

import typer

from arxos.app.settings import read_settings
from arxos.cli import choices
from arxos.cli.jobs import AsJson
from arxos.cli.operator import By, operator
from arxos.cli.output import Column, print_json, print_table
from arxos.cli.session import session
from arxos.domain.jobs.limits import Scope
from arxos.tasks.kind import JobKind
from arxos.tasks.registry import all_kinds, find_kind

Kind = Annotated[str, typer.Argument(metavar="KIND", help="Such as building.validate.", autocompletion=choices.kinds)]
Why = Annotated[str | None, typer.Option("--reason", help="Why: shown to whoever asks what a job waits for.")]

app = typer.Typer(invoke_without_command=True)


@app.callback()
def kinds(context: typer.Context, *, json: AsJson = False) -> None:
    """List the job kinds and their contracts; pause one.

    Example: arxos kinds
    Example: arxos kinds --json  # with the JSON Schema of every payload
    Example: arxos kinds pause building.index_geometry --reason 'the disk is full'
    """
    if context.invoked_subcommand is not None:
        return
    known = all_kinds(probes=read_settings().probes).values()
    if json:
        print_json([_document(kind) for kind in known])
        return
    print_table(
        ("kind", "queue", Column("payload", spare=True), "does"),
        [(k.name, k.queue, ", ".join(k.payload.model_fields), k.title) for k in known],
    )


def _document(kind: JobKind[Any]) -> dict[str, Any]:
    """`submit`: the permission that submitters need; null: the system submits it itself, and nobody else."""
    schema = kind.payload.model_json_schema()
    return {"kind": kind.name, "queue": kind.queue, "submit": kind.submit, "payload": schema}


@app.command()
def pause(kind: Kind, reason: Why = None, by: By = None) -> None:
    """Start nothing more of a kind, in whatever queue; what runs goes on.

    Example: arxos kinds pause building.index_geometry --reason 'the disk is full' --as ada
    """
    runtime = session()
    with runtime.ports.unit_of_work() as uow:
        uow.jobs.pause(find_kind(runtime.kinds, kind).name, operator(by, reason), Scope.KIND)
        uow.commit()


@app.command()
def resume(kind: Kind, by: By = None) -> None:
    """Let a paused kind go on.

    Example: arxos kinds resume building.index_geometry
    """
    runtime = session()
    with runtime.ports.unit_of_work() as uow:
        uow.jobs.resume(find_kind(runtime.kinds, kind).name, operator(by, None), Scope.KIND)
        uow.commit()
