"""`arxos`: one command for everything that the system does."""

import logging
import platform
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, TyperException
from typer.main import get_command

from arxos import __version__
from arxos.cli import (
    act_log,
    acts,
    audits,
    buildings,
    cancel,
    choices,
    dead,
    graph,
    health,
    history,
    jobs,
    kinds,
    limits,
    pager,
    processes,
    queues,
    reports,
    schedules,
    sessions,
    submit,
    tokens,
    workers,
)
from arxos.cli.broken_pipe import quiet_broken_pipe
from arxos.cli.demo import demo
from arxos.cli.doctor import doctor
from arxos.cli.examples import show_examples
from arxos.cli.terminal import protect_terminal
from arxos.cli.validate import validate
from arxos.domain.errors import ArxosError, UnknownKindError

app = typer.Typer(
    name="arxos",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

NO_PAGER = "--no-pager"
LOOK, OPERATE, BUILDINGS, PROCESSES = "Submit and look", "Operate", "Buildings", "Processes"
app.command(rich_help_panel=LOOK)(submit.submit)
jobs.app.command()(graph.graph)
jobs.app.command()(history.history)
jobs.app.command()(acts.redrive)
jobs.app.command()(acts.retry)
jobs.app.command()(acts.discard)
jobs.app.command()(cancel.cancel)
app.add_typer(jobs.app, name="jobs", rich_help_panel=LOOK)
app.add_typer(kinds.app, name="kinds", rich_help_panel=LOOK)
app.add_typer(queues.app, name="queues", rich_help_panel=OPERATE)
app.add_typer(limits.app, name="limits", rich_help_panel=OPERATE)
app.add_typer(dead.app, name="dead", rich_help_panel=OPERATE)
app.add_typer(schedules.app, name="schedules", rich_help_panel=OPERATE)
app.add_typer(workers.app, name="workers", rich_help_panel=OPERATE)
app.add_typer(act_log.app, name="acts", rich_help_panel=OPERATE)
app.add_typer(sessions.app, name="sessions", rich_help_panel=OPERATE)
app.add_typer(tokens.app, name="tokens", rich_help_panel=OPERATE)
app.add_typer(health.app, name="health", rich_help_panel=OPERATE)
app.add_typer(reports.app, name="report", rich_help_panel=OPERATE)
app.add_typer(audits.app, name="audits", rich_help_panel=OPERATE)
app.command(rich_help_panel=OPERATE)(doctor)
app.add_typer(buildings.app, name="buildings", rich_help_panel=BUILDINGS)
app.command(rich_help_panel=BUILDINGS)(validate)
app.command(rich_help_panel=BUILDINGS)(demo)
for process in (
    processes.migrate,
    processes.api,
    processes.relay,
    processes.beat,
    processes.ingress,
    processes.worker,
    processes.flower,
    processes.token,
):
    app.command(rich_help_panel=PROCESSES)(process)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - a callback of Typer's
    if wanted:
        print(f"arxos {__version__}, Python {platform.python_version()}")
        raise typer.Exit


@app.callback()
def arxos(
    *,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    no_pager: Annotated[
        bool, typer.Option(NO_PAGER, help="Print long tables at once; so does ARXOS_PAGER=cat.")
    ] = False,
) -> None:
    """Asynchronous processing of building data: submit jobs, see what becomes of them, and help where it sticks.

    Where to begin: what waits and where, what failed, why a job does not run, and what to do about it.

    Example: arxos queues list  # what waits where, what is paused
    Example: arxos jobs list --state dead --since 1d  # what failed since yesterday
    Example: arxos jobs why JOB  # why it does not run, and what to do
    Example: arxos jobs show JOB  # payload, errors, every attempt
    Example: arxos dead redrive --dry-run  # what would go round again?
    """
    if no_pager:
        pager.turn_off()


def command_line() -> TyperGroup:
    """All commands as they are parsed; the examples still in their docstrings."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def main() -> None:
    """Run the command line: exit 2 and one line for bad use, 1 and one line for a refusal."""
    with quiet_broken_pipe():
        _run()


def _run() -> NoReturn:
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries say is no line of ours
    protect_terminal()
    commands = command_line()
    show_examples(commands)
    try:
        code = commands(arguments(sys.argv[1:]), prog_name="arxos", standalone_mode=False)
    except TyperException as error:  # whatever the parser refuses: bad use
        fail(error.format_message() if hasattr(error, "format_message") else str(error), 2)
    except UnknownKindError as error:
        fail(f"{error}; {choices.kinds_in_words()}", 1)
    except ArxosError as error:
        fail(str(error), 1)
    except (Abort, KeyboardInterrupt):
        fail("interrupted", 130)
    sys.exit(code if isinstance(code, int) else 0)


def arguments(given: Sequence[str]) -> list[str]:
    """As they were given, with `--no-pager` first, wherever it stands: it is typed last more often than first."""
    end = given.index("--") if "--" in given else len(given)
    if NO_PAGER not in given[:end]:
        return list(given)
    return [NO_PAGER, *(word for word in given[:end] if word != NO_PAGER), *given[end:]]


def fail(message: str, code: int) -> NoReturn:
    """One line on stderr, and out; none where the help has said it all."""
    if message.strip():
        with suppress(BrokenPipeError):  # it failed, whether or not there is a reader
            print(f"arxos: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
