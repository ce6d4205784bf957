"""`arxos sessions …`: who is signed in at the console."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from arxos.cli.operator import By, Reason, operator
from arxos.cli.output import print_json, print_table
from arxos.cli.session import session
from arxos.storage.console_sessions import ConsoleSessions

app = typer.Typer(help="Who is signed in at the console: list and end sessions.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Exact, for programs.")]
Whose = Annotated[str | None, typer.Option("--subject", metavar="NAME", help="Of this one only.")]
Most = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]


@app.command("list")
def list_(subject: Whose = None, limit: Most = 500, json: AsJson = False) -> None:
    """List who is signed in, by which token, and until when.

    Example: arxos sessions list --subject ada
    """
    found = ConsoleSessions(session().database).list(subject, limit)
    if json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (one.id, one.subject, one.role, one.source, one.started_at, one.seen_at, one.expires_at)
        for one in sorted(found, key=lambda one: one.seen_at, reverse=True)
    ]
    print_table(("session", "subject", "role", "from", "since", "seen", "until"), rows, empty="nobody is signed in")


@app.command()
def end(
    sessions: Annotated[list[UUID], typer.Argument(metavar="SESSION...", help="Their ids, as `list` shows them.")],
    reason: Reason = None,
    by: By = None,
) -> None:
    """End sessions; `arxos tokens revoke-all` ends everything of a subject.

    Example: arxos sessions end 0192f3c8-0000-7000-8000-000000000000 --reason 'a laptop was lost'
    """
    table = ConsoleSessions(session().database)
    for one in sessions:
        table.end(one, operator(by, reason))
