"""`arxos limits …`: how many jobs of a kind or a queue run at once, and how many start in a second."""

from typing import Annotated

import typer

from arxos.app.bootstrap import Runtime
from arxos.cli import choices
from arxos.cli.jobs import AsJson
from arxos.cli.operator import By, operator
from arxos.cli.output import print_json, print_table
from arxos.cli.session import session
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.storage.limit_acts import Limits
from arxos.tasks.queues import known_queue
from arxos.tasks.registry import find_kind

ScopeOf = Annotated[Scope, typer.Argument(metavar="kind|queue", help="What the limit is on.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of kind or queue.", autocompletion=choices.kinds_and_queues)]

app = typer.Typer(
    help="How many jobs of a kind or a queue run at once, how many start in a second, who gets which part.",
    no_args_is_help=True,
)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the limits, what is in flight under each, and what they hold.

    Example: arxos limits list
    """
    found = Limits(session().database).usage()
    if json:
        print_json(found)
        return
    print_table(
        ("limit on", "in flight", "held", "running", "per", "for each", "rate", "burst", "paused by", "set by"),
        [
            (
                f"{u.scope} {u.name}",
                *(u.in_flight, u.held, u.running, u.per, u.per_running),
                *(u.rate and f"{u.rate:g}/s", u.burst, u.paused_by, u.set_by),
            )
            for u in found
        ],
        empty="no limits: arxos limits set --help",
    )


@app.command("set")
def set_(
    scope: ScopeOf,
    name: Name,
    running: Annotated[int | None, typer.Option(help="So many at once; 0: none.")] = None,
    per: Annotated[
        str | None, typer.Option(help="One at once for each building, submitter or payload.<field>.")
    ] = None,
    per_running: Annotated[int, typer.Option(help="With --per: so many at once for each.")] = 1,
    rate: Annotated[float | None, typer.Option(help="So many start in a second.")] = None,
    burst: Annotated[int | None, typer.Option(help="With --rate: so many of them in one moment.")] = None,
    by: By = None,
) -> None:
    """Set a limit, in the place of the one that there is; what runs goes on.

    Example: arxos limits set kind building.validate --per building  # one at once for each building
    Example: arxos limits set queue geometry --running 4 --as ada  # four at once, on however many workers
    Example: arxos limits set kind building.warm_cache --rate 5 --burst 10  # five a second
    """
    runtime = session()
    allowed = Allowance(running, per, per_running, rate, burst)
    Limits(runtime.database).set(scope, _known(runtime, scope, name), allowed, operator(by, None))


@app.command()
def remove(scope: ScopeOf, name: Name, by: By = None) -> None:
    """Take a limit away; one that comes with the code is back when a relay starts.

    Example: arxos limits remove queue geometry
    """
    Limits(session().database).remove(scope, name, operator(by, None))


@app.command()
def share(
    submitter: Annotated[str, typer.Argument(metavar="SUBMITTER", help="Who submits, as jobs show it.")],
    weight: Annotated[float, typer.Argument(metavar="WEIGHT", help="1 is everybody's; 2: twice as much.")],
    by: By = None,
) -> None:
    """Give a submitter a larger or smaller part where several wait for the same queue.

    Example: arxos limits share city-import 0.5  # half as much as others
    """
    Limits(session().database).share(submitter, weight, operator(by, None))


def _known(runtime: Runtime, scope: Scope, name: str) -> str:
    return find_kind(runtime.kinds, name).name if scope is Scope.KIND else known_queue(name)
