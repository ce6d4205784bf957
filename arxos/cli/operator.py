"""Who acts at the command line, and from where."""

import getpass
import socket
from typing import Annotated

import typer

from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.submitter import Submitter, command_line

By = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who does it: recorded. Left out: who is logged in.")
]
Reason = Annotated[str | None, typer.Option(help="Why: recorded.")]
ReasonNeeded = Annotated[str, typer.Option(help="Why: recorded.")]


def submitter(named: str | None) -> Submitter:
    """Whose jobs these are: the operator's, or theirs in whose name they act."""
    return command_line(_login(), named)


def operator(name: str | None, reason: str | None) -> Operator:
    """Whoever is named, or logged in on this machine."""
    return Operator(name or _login(), reason, f"cli@{socket.gethostname()}")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as containers have them
        return "cli"
