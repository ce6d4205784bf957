"""`arxos tokens …`: end tokens, families of refresh tokens, and everything of a subject."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from arxos.cli.operator import By, Reason, operator
from arxos.cli.output import print_json, print_table
from arxos.cli.session import session
from arxos.cli.sessions import AsJson, Most, Whose
from arxos.storage.refresh_tokens import RefreshTokens
from arxos.storage.revocations import RevocationTable

app = typer.Typer(help="Revoke tokens, families of refresh tokens, and everything of a subject.", no_args_is_help=True)


@app.command()
def revoke(
    jti: Annotated[str, typer.Argument(help="The token's name: its claim `jti`.")], reason: Reason = None, by: By = None
) -> None:
    """Let a token open nothing any more; every process of the HTTP interface knows within 2 seconds.

    Example: arxos tokens revoke 5b1f3c1e --reason 'was in a log'
    """
    RevocationTable(session().database).revoke(jti, operator(by, reason))


@app.command("revoke-all")
def revoke_all(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="Whose: the claim `sub`.")],
    reason: Reason = None,
    by: By = None,
) -> None:
    """End everything of a subject: sessions, refresh tokens, and all tokens that were issued up to now.

    Example: arxos tokens revoke-all ada --reason 'has left'
    """
    runtime = session()
    skew_s = runtime.settings.jwt_skew_s
    ended = RevocationTable(runtime.database).end_subject(subject, operator(by, reason), skew_s)
    until = f"{ended.tokens_until:%Y-%m-%d %H:%M:%S} UTC"
    print(f"{ended.sessions} sessions, {ended.families} families of refresh tokens, all tokens issued until {until}")


@app.command("list")
def list_(limit: Most = 50, json: AsJson = False) -> None:
    """List revoked tokens, the latest first.

    Example: arxos tokens list
    """
    found = RevocationTable(session().database).revoked(limit)
    if json:
        print_json([asdict(one) for one in found])
        return
    rows = [(one.jti, one.revoked_at, one.revoked_by, one.reason) for one in found]
    print_table(("token", "revoked", "by", "reason"), rows, empty="no token was revoked")


@app.command()
def families(subject: Whose = None, limit: Most = 500, json: AsJson = False) -> None:
    """List who holds refresh tokens, and until when.

    Example: arxos tokens families --subject shop
    """
    found = RefreshTokens(session().database).families(subject, limit)
    if json:
        print_json([asdict(one) for one in found])
        return
    rows = [(one.id, one.subject, one.role, one.started_at, one.refreshed_at, one.expires_at) for one in found]
    print_table(("family", "subject", "role", "since", "refreshed", "until"), rows, empty="no refresh token lives")


@app.command("end-family")
def end_family(
    ids: Annotated[list[UUID], typer.Argument(metavar="FAMILY...", help="Their ids, as `families` shows them.")],
    reason: Reason = None,
    by: By = None,
) -> None:
    """End families of refresh tokens, with the tokens that they were exchanged for.

    Example: arxos tokens end-family 0192f3c8-0000-7000-8000-000000000000 --reason 'was in a log'
    """
    table = RefreshTokens(session().database)
    for one in ids:
        table.end(one, operator(by, reason))
