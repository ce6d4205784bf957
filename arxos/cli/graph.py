"""`arxos jobs graph`: the workflow around a job, in the terminal, as JSON or as a picture."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from arxos.cli.cells import COLOURS
from arxos.cli.job_ids import JobId
from arxos.cli.jobs import AsJson
from arxos.cli.output import print_json, print_page, print_remark, print_table, write_file
from arxos.cli.session import session
from arxos.domain.jobs.graph import Graph, Group, arrange
from arxos.domain.jobs.graph_svg import draw
from arxos.domain.jobs.job import JobState, OnFailure

NAMED = 3  # dead jobs of a group that are named


def graph(
    job_id: JobId,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it into this file; - for the output.")] = None,
    json: AsJson = False,
) -> None:
    """Show the whole workflow around a job: what it waits for, what waits for it, and what hangs from these.

    Example: arxos jobs graph JOB
    Example: arxos jobs graph JOB --svg workflow.svg
    """
    if json and svg:
        raise typer.BadParameter("--json or --svg, not both")
    with session().ports.unit_of_work() as uow:
        seen = uow.jobs.graph(job_id)
    if seen.cut:
        print_remark(f"only the nearest {len(seen.nodes):,} jobs and {len(seen.edges):,} edges are shown")
    if svg:
        write_file(svg, draw(seen).encode())
    elif json:
        print_json(_document(seen))
    else:
        _print(seen)


def _document(seen: Graph) -> dict[str, object]:
    edges = [{"after": e.before, "job": e.job, "on_failure": e.on_failure, "released": e.released} for e in seen.edges]
    return {"job": seen.job_id, "nodes": seen.nodes, "edges": edges, "cut": seen.cut}


def _print(seen: Graph) -> None:
    groups = arrange(seen)
    if sys.stdout.isatty():
        print_page(terminal_table(groups, seen))
        return
    columns = ("layer", "number", "kind", "jobs", "state", "job", "waits", "after")
    print_table(columns, [_row(group) for group in groups])


def _row(group: Group) -> tuple[object, ...]:
    single = group.jobs[0] if len(group.jobs) == 1 else None
    states = single.state if single else _states(group)
    job = single.id if single else None
    return group.layer, group.number, group.kind, len(group.jobs), states, job, group.waits, _after(group)


def terminal_table(groups: Sequence[Group], seen: Graph) -> Table:
    """A line for each group, a gap between layers; the job that was asked for is marked."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(justify="right")
    made.add_column()
    made.add_column(overflow="fold")
    for place, group in enumerate(groups):
        if place and group.layer != groups[place - 1].layer:
            made.add_row()
        asked = group.jobs[0].id == seen.job_id
        number = Text(f"{'▶ ' if asked else ''}{group.number}", style="bold" if asked else "bright_black")
        made.add_row(number, _what(group), Text.assemble(*_details(group)))
    return made


def _what(group: Group) -> Text:
    many = len(group.jobs)
    return Text(f"{many:,} × {group.kind}" if many > 1 else group.kind, style="bold")


def _details(group: Group) -> Iterator[tuple[str, str]]:
    """States, id or the first dead ids, what it waits for, and after whom it comes."""
    if len(group.jobs) == 1:
        [job] = group.jobs
        yield f"{job.state:<10}", COLOURS.get(job.state, "")
        yield f" {job.id}", ""
    else:
        for place, (state, count) in enumerate(group.states.items()):
            yield f"{', ' if place else ''}{count:,} {state}", COLOURS.get(state, "")
        dead = [str(job.id) for job in group.jobs if job.state is JobState.DEAD]
        if dead:
            more = ", …" if len(dead) > NAMED else ""
            yield f" · dead: {', '.join(dead[:NAMED])}{more}", ""
    if group.waits:
        yield f" · {group.waits}", ""
    if group.after:
        yield f" · after {_after(group)}", "bright_black"


def _states(group: Group) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in group.states.items())


def _after(group: Group) -> str:
    """``1, 2:run``: the groups that it comes after, and where it runs whatever becomes of them."""
    return ", ".join(f"{one.before}{':run' if one.on_failure is OnFailure.RUN else ''}" for one in group.after)
