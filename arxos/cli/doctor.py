"""`arxos doctor`: everything that bites, and what to do about it."""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from arxos.app.settings import usable_settings
from arxos.cli.cells import flat
from arxos.cli.jobs import AsJson
from arxos.cli.output import print_json, print_page, print_table
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


def doctor(json: AsJson = False) -> None:
    """Say everything that bites: servers, settings, clocks, processes, queues. Takes at most about 10 seconds.

    Exit code: 1 if anything is an error, else 0; warnings are shown and do not change it.

    Example: arxos doctor
    Example: arxos doctor --json  # exact, for programs and release gates
    """
    from arxos.doctor.examination import examine
    from arxos.doctor.visit import lines

    began = time.monotonic()
    sections = examine(lines(*usable_settings()), WITHIN_S)
    if json:
        print_json(document(sections, time.monotonic() - began))
    elif sys.stdout.isatty():
        show(sections)
    else:
        print_table(("severity", "id", "subject", "seen", "what to do"), map(_row, _findings(sections)))
    raise typer.Exit(1 if worst(_findings(sections)) is Severity.ERROR else 0)


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


def show(sections: Sequence[Section]) -> None:
    """In groups, each finding with a mark, and with what to do about it."""
    counts = Counter(one.severity for one in _findings(sections))
    told = ", ".join(f"{counts[one]} {NAMES[one]}" for one in reversed(tuple(NAMES)) if counts[one])
    groups = groupby(sections, key=lambda section: section.title)
    # First, too: a pager shows the beginning.
    total = Text(told, style="bold")
    print_page(total, Text(), *(line for title, some in groups for line in _group(title, some)), total)


def _group(title: str, sections: Iterable[Section]) -> Iterator[RenderableType]:
    yield Text(title, style="bold")
    grid = Table.grid(padding=(0, 1))
    for one in _findings(sections):
        mark, colour = MARKS[one.severity]
        said = Text(flat(one.seen))
        if one.advice and one.severity is not Severity.OK:
            said.append("\n→ ", colour).append(flat(one.advice))
        grid.add_row("", Text(mark, colour), Text(one.id.ljust(WIDEST), "bright_black"), said)
    yield grid
    yield Text()
