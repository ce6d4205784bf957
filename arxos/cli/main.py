"""`arxos`: one command for everything that the system does."""

import logging
import sys

import typer
from typer.exceptions import Abort, TyperException

from arxos.cli import buildings, dead, jobs, processes, queues, schedules, submit
from arxos.cli.demo import demo
from arxos.cli.validate import validate
from arxos.domain.errors import ArxosError

app = typer.Typer(
    name="arxos",
    help="Asynchronous processing of building data: submit, inspect and redrive jobs; import and query buildings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    processes.migrate,
    processes.relay,
    processes.beat,
    processes.worker,
    processes.flower,
    processes.token,
):
    app.command()(command)
app.command()(jobs.kinds)
app.command()(submit.submit)
app.add_typer(jobs.app, name="jobs")
app.add_typer(dead.app, name="dead")
app.add_typer(queues.app, name="queues")
app.add_typer(schedules.app, name="schedules")
app.command()(validate)
app.command()(demo)
app.add_typer(buildings.app, name="buildings")


def main() -> None:
    """Run the command line: exit 2 and one line for bad use, 1 and one line for a refusal."""
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries say is no line of ours
    try:
        code = app(standalone_mode=False)
    except TyperException as error:  # whatever the parser refuses: bad use
        fail(error.format_message() if hasattr(error, "format_message") else str(error), 2)
    except ArxosError as error:
        fail(str(error), 1)
    except (Abort, KeyboardInterrupt):
        fail("interrupted", 130)
    except BrokenPipeError:  # the reader went away (`| head`): nothing more to say
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def fail(message: str, code: int) -> None:
    """One line on stderr, and out; none where the help has said it all."""
    if message.strip():
        print(f"arxos: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
