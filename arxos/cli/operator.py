"""Who acts at the command line, and from where."""

import getpass
import socket
from typing import Annotated

import typer

from arxos.domain.jobs.operator import Operator

By = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who does it: recorded. Left out: who is logged in.")
]
Reason = Annotated[str | None, typer.Option(help="Why: recorded.")]
ReasonNeeded = Annotated[str, typer.Option(help="Why: recorded.")]


def operator(name: str | None, reason: str | None) -> Operator:
    """Whoever is named, or logged in on this machine."""
    return Operator(name or _login(), reason, f"cli@{socket.gethostname()}")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as containers have them
        return "cli"
