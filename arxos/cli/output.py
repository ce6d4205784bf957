"""What commands print: tables for people, plain columns for pipes, JSON for programs."""

import dataclasses
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import RenderableType
from rich.text import Text

from arxos.cli.cells import flat, piped
from arxos.cli.pager import page
from arxos.cli.table import Column, as_column, table
from arxos.cli.terminal import console
from arxos.domain.errors import InvalidError
from arxos.domain.visible_text import visible_json

__all__ = ["Column", "print_json", "print_page", "print_remark", "print_table", "screen_width", "write_file"]


def print_json(value: Any) -> None:
    """One JSON document: exact, and harmless in a terminal."""
    print(visible_json(json.dumps(value, default=_plain, ensure_ascii=False)))


def write_file(path: Path, content: bytes) -> None:
    """Into the file; ``-`` is the standard output. Raises InvalidError."""
    if str(path) == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidError(f"cannot write {str(path)!r}: {error.strerror}") from error


def print_table(
    columns: Sequence[str | Column],
    rows: Iterable[Sequence[Any]],
    *,
    empty: str = "nothing",
    remark: str = "",
    above: Iterable[RenderableType] = (),
) -> None:
    """A table in a terminal; tab-separated lines with a heading where the output is piped.

    Hand times over as `datetime`, durations as `timedelta`, states as they are: a terminal shows them from now and in
    colour, a pipe gets them exactly. `empty`: what a terminal says instead of an empty table; `remark`: its last line;
    `above`: what stands before it.
    """
    named = [as_column(column) for column in columns]
    if not sys.stdout.isatty():
        print_page(*above)
        for row in ([column.name for column in named], *rows):
            print("\t".join(map(piped, row)))
        return
    made, width = table(named, known := list(rows), screen_width())
    last = Text(flat(remark if known else empty), style="bright_black")
    print_page(*above, *([made] if known else []), *([last] if last else []), width=width)


def print_page(*parts: RenderableType, width: int = 0) -> None:
    """Print text for people, through the pager where it is longer than the terminal. `width`: it needs at least."""
    size = shutil.get_terminal_size()  # both sides: with one alone, rich takes a dumb terminal for 80 × 25
    made = console(highlight=False, width=max(size.columns, width), height=size.lines)
    with made.capture() as captured:
        for part in parts:
            made.print(part)
    page("\n".join(line.rstrip() for line in captured.get().split("\n")))


def print_remark(text: str) -> None:
    """One line on stderr: what whoever reads the answer should know besides."""
    print(f"arxos: {flat(text)}", file=sys.stderr)


def screen_width() -> int:
    """Of the terminal, or as COLUMNS says."""
    return shutil.get_terminal_size().columns


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
