"""Tables for a terminal: aligned, coloured by state, and no wider than the screen where that can be helped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from arxos.cli.cells import COLOURS, shown

FREE_TEXT = frozenset({"address", "does", "error", "message", "note", "reason", "title"})
STATES = frozenset({"outcome", "severity", "state", "status", "verdict"})
LEAST = 24  # characters that are left of a text that is cut
GAP = 2
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*(/[0-9]+|( ?(ms|s|m|h|d|%|/s)))?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `shown`: its heading in a terminal, where that is another than in a pipe. `cut`: its texts may be shortened.
    `spare`: it is left out of a terminal that is too narrow for all.
    """

    name: str
    shown: str | None = None
    cut: bool = False
    spare: bool = False


def as_column(column: str | Column) -> Column:
    """A column by its name alone: only what is known as free text is ever cut, never an id or a kind."""
    return column if isinstance(column, Column) else Column(column, cut=column in FREE_TEXT)


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Any]], width: int, *, fold: bool = False
) -> tuple[Table, int]:
    """The table and its width in cells: more than `width` where what must not be cut needs it.

    Columns in which nothing stands are left out. `fold`: what is too long goes on below, instead of being cut.
    """
    now = datetime.now(UTC)
    cells = [[shown(value, now) for value in row] for row in rows]
    needs = [_width(column, [row[i] for row in cells]) for i, column in enumerate(columns)]
    kept = _kept(columns, needs, [any(row[i] for row in cells) for i in range(len(columns))], width)
    widths = fit([needs[i] for i in kept], [columns[i].cut for i in kept], width)
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    for i, wide in zip(kept, widths, strict=True):
        right = all(_NUMBER.fullmatch(row[i]) for row in cells if row[i])
        made.add_column(
            _heading(columns[i]),
            justify="right" if right else "left",
            width=wide,
            no_wrap=not fold,
            overflow="fold" if fold else "ellipsis",
        )
    for row in cells:
        made.add_row(*(_cell(columns[i], row[i]) for i in kept))
    return made, sum(widths) + GAP * len(widths)


def _kept(columns: Sequence[Column], needs: Sequence[int], full: Sequence[bool], room: int) -> list[int]:
    """Which columns are shown: those with something in them, without the last spare ones if they take too much."""
    kept = [i for i, something in enumerate(full) if something]
    for spare in [i for i in reversed(kept) if columns[i].spare]:
        least = [min(needs[i], LEAST) if columns[i].cut else needs[i] for i in kept]
        if sum(least) + GAP * (len(kept) - 1) <= room:
            break
        kept.remove(spare)
    return kept


def fit(widths: Sequence[int], cut: Sequence[bool], room: int) -> list[int]:
    """The widths, the widest of those that may be cut made smaller until all fit; none of them below LEAST."""
    fitted = list(widths)
    while (excess := sum(fitted) + GAP * (len(fitted) - 1) - room) > 0:
        wide = max((i for i, may in enumerate(cut) if may), key=lambda i: fitted[i], default=None)
        if wide is None or fitted[wide] <= LEAST:
            break
        others = [fitted[i] for i, may in enumerate(cut) if may and fitted[i] < fitted[wide]]
        fitted[wide] = max(fitted[wide] - excess, max(others, default=LEAST) - 1, LEAST)
    return fitted


def _heading(column: Column) -> str:
    return column.name if column.shown is None else column.shown


def _width(column: Column, cells: Sequence[str]) -> int:
    return max(cell_len(text) for text in (_heading(column), *cells))


def _cell(column: Column, text: str) -> Text:
    """States are coloured, and counts under a state's name, if there are any."""
    return Text(text, style=COLOURS.get(text, "") if column.name in STATES else _colour_of_count(column, text))


def _colour_of_count(column: Column, text: str) -> str:
    if column.name not in COLOURS or not text.isdecimal():
        return ""
    return COLOURS[column.name] if int(text) else "bright_black"
