"""`arxos doctor`: everything that bites, and what to do about it."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from arxos.app.settings import usable_settings
from arxos.cli.cells import flat
from arxos.cli.jobs import AsJson
from arxos.cli.output import print_json, print_page, print_table
from arxos.doctor.examination import OWN_FINDINGS
from arxos.doctor.finding import Finding, Section, Severity, worst

WITHIN_S = 8.0
WIDEST = 26  # of the ids
MARKS: Mapping[Severity, tuple[str, str]] = {
    Severity.OK: ("✓", "green"),
    Severity.INFO: ("·", "cyan"),
    Severity.SKIPPED: ("–", "bright_black"),
    Severity.WARNING: ("!", "yellow"),
    Severity.ERROR: ("✗", "red"),
}
NAMES: Mapping[Severity, str] = {
    Severity.OK: "fine",
    Severity.INFO: "to know",
    Severity.SKIPPED: "skipped",
    Severity.WARNING: "to watch",
    Severity.ERROR: "to repair",
}


def doctor(
    about: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Only these findings, or those that begin so: redis.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="What is fine, too; pipes and --json always have it.")] = False,
    json: AsJson = False,
) -> None:
    """Say everything that bites: servers, settings, clocks, processes, queues. Takes at most about 10 seconds.

    Exit code: 1 if anything is an error, else 0; warnings are shown and do not change it.

    Example: arxos doctor
    Example: arxos doctor queues relay  # what concerns these
    Example: arxos doctor --json  # exact, for programs and release gates
    """
    from arxos.doctor.catalogue import catalogue
    from arxos.doctor.examination import examine
    from arxos.doctor.visit import lines

    for word in about or ():
        if not any(known.startswith(word) for known in catalogue()):
            raise typer.BadParameter(f"no finding begins with {word!r}: `arxos doctor --all` shows all")
    began = time.monotonic()
    sections = _about(examine(lines(*usable_settings()), WITHIN_S), tuple(about or ("",)))
    if json:
        print_json(document(sections, time.monotonic() - began))
    elif sys.stdout.isatty():
        show(sections, every=every)
    else:
        print_table(("severity", "id", "subject", "seen", "what to do"), map(_row, _findings(sections)))
    raise typer.Exit(1 if worst(_findings(sections)) is Severity.ERROR else 0)


def _about(sections: Sequence[Section], beginnings: tuple[str, ...]) -> list[Section]:
    """Of each section the findings whose ids begin so; what could not be looked at is always told."""
    told = (*beginnings, *OWN_FINDINGS)
    return [replace(one, findings=tuple(f for f in one.findings if f.id.startswith(told))) for one in sections]


def document(sections: Sequence[Section], seconds: float) -> dict[str, object]:
    """The answer for programs."""
    findings = list(_findings(sections))
    counts = Counter(one.severity for one in findings)
    return {
        "status": worst(findings),
        "counts": {severity.value: counts[severity] for severity in Severity},
        "seconds": round(seconds, 2),
        "findings": findings,
    }


def _findings(sections: Iterable[Section]) -> Iterable[Finding]:
    return chain.from_iterable(section.findings for section in sections)


def _row(one: Finding) -> tuple[str | None, ...]:
    return one.severity, one.id, one.subject, one.seen, one.advice


def show(sections: Sequence[Section], *, every: bool) -> None:
    """In groups, each finding with a mark, and with what to do about it; what is fine is only counted."""
    counts = Counter(one.severity for one in _findings(sections))
    told = ", ".join(f"{counts[one]} {NAMES[one]}" for one in reversed(tuple(NAMES)) if counts[one])
    groups = groupby(sections, key=lambda section: section.title)
    lines = [line for title, some in groups for line in _group(title, some, every=every)]
    # First, too: a pager shows the beginning.
    total = Text(told, style="bold")
    print_page(total, *([Text(), *lines, total] if lines else []))


def _group(title: str, sections: Iterable[Section], *, every: bool) -> Iterator[RenderableType]:
    findings = [one for one in _findings(sections) if every or one.severity is not Severity.OK]
    if not findings:
        return
    yield Text(title, style="bold")
    grid = Table.grid(padding=(0, 1))
    for one in findings:
        mark, colour = MARKS[one.severity]
        said = Text(flat(one.seen))
        if one.advice and one.severity is not Severity.OK:
            said.append("\n→ ", colour).append(flat(one.advice))
        grid.add_row("", Text(mark, colour), Text(one.id.ljust(WIDEST), "bright_black"), said)
    yield grid
    yield Text()
