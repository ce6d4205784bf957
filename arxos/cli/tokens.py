"""`arxos tokens …`: revoke tokens by their names."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from arxos.cli.operator import By, Reason, operator
from arxos.cli.output import print_json, print_table
from arxos.cli.session import session
from arxos.storage.access import AccessTable

app = typer.Typer(help="Revoke tokens, and list those that were.", no_args_is_help=True)
REMEMBERED = timedelta(days=366)

AsJson = Annotated[bool, typer.Option("--json", help="Exact, for programs.")]


@app.command()
def revoke(
    jti: Annotated[str, typer.Argument(help="The token's name: its claim `jti`.")], reason: Reason = None, by: By = None
) -> None:
    """Let a token open nothing any more; every process of the HTTP interface knows within 2 seconds.

    Example: arxos tokens revoke 5b1f3c1e --reason 'was in a log'
    """
    AccessTable(session().database).revoke(jti, datetime.now(UTC) + REMEMBERED, operator(by, reason))


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50, json: AsJson = False
) -> None:
    """List revoked tokens, the latest first.

    Example: arxos tokens list
    """
    found = AccessTable(session().database).revoked(limit)
    if json:
        print_json([asdict(one) for one in found])
        return
    rows = [(one.jti, one.revoked_at, one.revoked_by, one.reason) for one in found]
    print_table(("token", "revoked", "by", "reason"), rows, empty="no token was revoked")
