"""A building's summary for people."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.visible_text import visible

COLOURS: Mapping[str, str] = {"error": "red", "warning": "yellow", "info": "cyan"}
CLASSES = 10  # the most frequent; --json has them all


def summary_parts(summary: Mapping[str, Any], report: ValidationReport | None) -> Iterator[RenderableType]:
    """Name and address, floors with areas, elements by class, findings by rule."""
    yield f"\n[bold]{_plain(summary['name'])}[/]  [bright_black]{summary['id']}[/]"
    yield f"{_plain(summary['address'])} · {summary['status']}"
    model = summary["model"]
    if model:
        size = f"{model['size_bytes'] / 1e6:.1f} MB"
        yield f"{_plain(model['filename'])} · {model['schema'] or 'no schema'} · {size} · revision {model['revision']}"
    if summary["georeference"]:
        yield _place(summary["georeference"])
    if summary["floors"]:
        yield _floors(summary)
    if summary["by_class"]:
        yield _classes(summary)
    if report is not None:
        yield _findings(report)


def _floors(summary: Mapping[str, Any]) -> Table:
    table = _table("floor", "level m", "spaces", "area m²", "outline m²")
    for floor in reversed(summary["floors"]):
        level = "" if floor["elevation_m"] is None else f"{floor['elevation_m']:+.2f}"
        outline = "" if floor["outline_area_m2"] is None else f"{floor['outline_area_m2']:,.1f}"
        name = _plain(floor["name"] or "(no name)")
        table.add_row(name, level, str(floor["spaces"]), f"{floor['space_area_m2']:,.1f}", outline)
    table.add_section()
    table.add_row("[bold]all[/]", "", str(summary["spaces"]), f"{summary['space_area_m2']:,.1f}", "")
    return table


def _classes(summary: Mapping[str, Any]) -> str:
    shown = [
        f"{count} {_plain(name.removeprefix('Ifc'))}" for name, count in islice(summary["by_class"].items(), CLASSES)
    ]
    rest = len(summary["by_class"]) - len(shown)
    more = f", {rest} more classes" if rest > 0 else ""
    total = f"{summary['elements']} elements, {summary['elements_with_geometry']} with geometry"
    return f"\n{total}\n[bright_black]{', '.join(shown)}{more}[/]"


def _findings(report: ValidationReport) -> Table | str:
    if not report.findings:
        return "\n[green]valid[/], no findings\n"
    counts = ", ".join(f"{count} {name}" for name, count in report.counts().items())
    table = _table("rule", "findings", "severity", "title", "first")
    table.title = f"{'[green]valid[/]' if report.valid else '[red]not valid[/]'}: {counts}"
    for rule in report.rules:
        found = [finding for finding in report.findings if finding.rule == rule.id]
        if found:
            colour = COLOURS[found[0].severity.value]
            first = _plain(f"{found[0].subject or ''}: {found[0].message}")
            severity = f"[{colour}]{found[0].severity.value}[/]"
            table.add_row(_plain(rule.id), str(rule.findings), severity, _plain(rule.title), first)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", title_style="", title_justify="left", padding=(0, 2, 0, 0))
    for column in columns:
        right = column.endswith(("m", "m²")) or column in ("spaces", "findings")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _place(place: Mapping[str, Any]) -> str:
    projected = place["epsg"] and f"EPSG:{place['epsg']} E {place['eastings']:,.1f} N {place['northings']:,.1f}"
    where = projected or f"latitude {place['latitude']:.5f}, longitude {place['longitude']:.5f}"
    return f"{where} [bright_black]({_plain(place['source'])})[/]"


def _plain(text: str) -> str:
    """Text of strangers: on one line, without what a terminal or rich would obey."""
    return escape(visible(text))
