"""The filter that all commands on dead letters take."""

import functools
import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, get_type_hints
from uuid import UUID

import typer

from arxos.cli import choices
from arxos.cli.times import parse_time
from arxos.domain.jobs.ledger import JobFilter

TIME = "30m, 2h, 3d ago, or ISO 8601 with a zone."


def _time(text: str) -> datetime:
    return parse_time(text)


def _filter(
    kind: Annotated[str | None, typer.Option(help="Of this kind only.", autocompletion=choices.kinds)] = None,
    queue: Annotated[str | None, typer.Option(help="Of this queue only.", autocompletion=choices.queues)] = None,
    error: Annotated[str | None, typer.Option(help="Whose error contains this text.")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="Of this group of errors; see `arxos dead groups`.")] = None,
    building: Annotated[UUID | None, typer.Option(help="Of this building only, by its id.")] = None,
    submitter: Annotated[str | None, typer.Option(help="Submitted by this one only.")] = None,
    since: Annotated[
        datetime | None, typer.Option(metavar="TIME", parser=_time, help=f"That died since: {TIME}")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(metavar="TIME", parser=_time, help=f"That died before: {TIME}")
    ] = None,
) -> JobFilter:
    return JobFilter(
        kind=kind,
        queue=queue,
        error=error,
        fingerprint=fingerprint,
        building_id=building,
        submitted_by=submitter,
        finished_since=since,
        finished_until=until,
    )


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes the filter's options, and gets them as `which`, its first parameter."""
    options = inspect.signature(_filter).parameters

    @functools.wraps(command)
    def run(**values: Any) -> None:
        command(_filter(**{name: values.pop(name) for name in options}), **values)

    own = list(inspect.signature(command).parameters.values())[1:]
    hints = get_type_hints(_filter, include_extras=True) | get_type_hints(command, include_extras=True)
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*options.values(), *own)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: hints[one.name] for one in parameters}
    return run
