"""What commands print: tables for people, plain columns for pipes, JSON for programs."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.markup import escape
from rich.table import Table

COLOURS: Mapping[str, str] = {
    "succeeded": "green",
    "running": "cyan",
    "queued": "blue",
    "blocked": "blue",
    "retryable": "yellow",
    "dead": "red",
    "failed": "red",
    "lost": "red",
    "cancelled": "bright_black",
}


def print_json(value: Any) -> None:
    """One JSON document."""
    print(json.dumps(value, default=_plain, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table in a terminal; tab-separated lines with a heading where the output is piped."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            print("\t".join(_flat(str(_plain_cell(cell))) for cell in row))
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(cell) for cell in row))
    Console().print(table)


def print_remark(text: str) -> None:
    """One line on stderr: what whoever reads the answer should know besides."""
    print(f"arxos: {_flat(text)}", file=sys.stderr)


def relative(when: datetime | None, now: datetime | None = None) -> str:
    """How long ago, or how soon: ``3 m ago``, ``in 12 s``; empty for None."""
    if when is None:
        return ""
    seconds = (when - (now or datetime.now(UTC))).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        if abs(seconds) >= size or unit == "s":
            count = int(abs(seconds) // size)
            return f"in {count} {unit}" if seconds > 0 else f"{count} {unit} ago"
    return ""


def _cell(value: Any) -> str:
    text = escape(_flat(str(_plain_cell(value))))
    colour = COLOURS.get(text)
    return f"[{colour}]{text}[/]" if colour else text


def _plain_cell(value: Any) -> Any:
    return "" if value is None else value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _flat(text: str) -> str:
    """Text of users on one line, without control characters that a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
