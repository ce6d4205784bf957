"""Writes the figures of the last run of all faults into docs/guarantees.md, between its two marks."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from tests.faults.oracle import FAULTS_FOLDER, Figures, stored

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guarantees.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HEADING = """\
| # | fault | jobs | lost | doubled | seconds to recover | test |
|---:|---|---:|---:|---:|---:|---|
"""


def table(figures: Sequence[Figures]) -> str:
    """One row a scenario: its variants together, the slowest recovery of them."""
    grouped = groupby((one for one in figures if one.scenario), key=lambda one: (one.scenario, one.title))
    return HEADING + "".join(_row(list(variants)) for _, variants in grouped)


def _row(variants: Sequence[Figures]) -> str:
    first = variants[0]
    kinds = ", ".join(one.variant for one in variants if one.variant)
    cells = [
        str(first.scenario),
        f"{first.title} ({kinds})" if kinds else first.title,
        str(sum(one.accepted for one in variants)),
        str(sum(one.lost for one in variants)),
        str(sum(one.duplicated for one in variants)),
        _seconds(one.seconds for one in variants),
        "<br>".join(f"`{test}`" for test in dict.fromkeys(one.test for one in variants)),
    ]
    return f"| {' | '.join(cells)} |\n"


def _seconds(seconds: Iterable[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[0]:.1f}" if len(ordered) == 1 else f"{ordered[0]:.1f} to {ordered[-1]:.1f}"


def inserted(page: str, figures: Sequence[Figures], day: str) -> str:
    """The page with the table in place of the one it had. Raises ValueError where the marks are missing."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"no {BEGIN} … {END}")
    said = f"Measured on {day} with the default settings; {len(figures)} runs."
    return f"{before}{BEGIN}\n{said}\n\n{table(figures)}{END}{after}"


def main() -> None:
    """Rewrite the page; exit 1 where the run left no figures."""
    figures = stored(Path(os.environ[FAULTS_FOLDER]))
    if not figures:
        sys.exit("no figures: the run failed before its first fault")
    PAGE.write_text(inserted(PAGE.read_text(), figures, f"{datetime.now(UTC):%Y-%m-%d}"))


if __name__ == "__main__":
    main()
