"""Writes the figures of the last run of all faults into docs/guarantees.md, between its two marks."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import median

from tests.faults.oracle import FAULTS_FOLDER, Figures, stored

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guarantees.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
SCENARIOS = frozenset(range(1, 47)) - {16}  # of 16 there is nothing to count: nobody starts on a broker that evicts
# Which scenarios try a promise.
PROMISES: Mapping[int, frozenset[int]] = {
    1: SCENARIOS,
    2: SCENARIOS,
    3: frozenset({3, 10, 38, 42, 43, 45}),
    4: frozenset({8}),
    5: frozenset({1, 2, 4, 6, 7, 8, 9}),
    6: frozenset(range(11, 24)),
    7: frozenset(range(24, 32)),
    8: frozenset({5, 6, 36, 41, 46}),
    9: frozenset({39, 40}),
    10: frozenset({41, 44}),
}
PROMISES_HEADING = """\
| promise | scenarios | runs | jobs | lost | doubled | seconds to recover: median | worst |
|---:|---|---:|---:|---:|---:|---:|---:|
"""
HEADING = """\
| # | fault | jobs | lost | doubled | seconds to recover | test |
|---:|---|---:|---:|---:|---:|---|
"""


def promises(figures: Sequence[Figures]) -> str:
    """One row a promise: all that tried it, together."""
    tried = ((number, [one for one in figures if one.scenario in those]) for number, those in PROMISES.items())
    return PROMISES_HEADING + "".join(_promise(number, those) for number, those in tried if those)


def _promise(number: int, figures: Sequence[Figures]) -> str:
    seconds = [one.seconds for one in figures]
    cells = [number, _ranges({one.scenario for one in figures}), len(figures), *_sums(figures)]
    return f"| {' | '.join(map(str, cells))} | {median(seconds):.1f} | {max(seconds):.1f} |\n"


def _sums(figures: Sequence[Figures]) -> tuple[int, int, int]:
    """Jobs accepted, lost, duplicated."""
    return (
        sum(one.accepted for one in figures),
        sum(one.lost for one in figures),
        sum(one.duplicated for one in figures),
    )


def _ranges(numbers: Iterable[int]) -> str:
    """``1–3, 7`` for 1, 2, 3, 7."""
    runs = groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    ends = ([number for _, number in run] for _, run in runs)
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in ends)


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
        *map(str, _sums(variants)),
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
    return f"{before}{BEGIN}\n{said}\n\n{promises(figures)}\n{table(figures)}{END}{after}"


def main() -> None:
    """Rewrite the page; exit 1 where the run left no figures, or some scenario has none."""
    figures = stored(Path(os.environ[FAULTS_FOLDER]))
    if not figures:
        sys.exit("no figures: the run failed before its first fault")
    PAGE.write_text(inserted(PAGE.read_text(), figures, f"{datetime.now(UTC):%Y-%m-%d}"))
    if missing := SCENARIOS - {one.scenario for one in figures}:
        sys.exit(f"no figures of these scenarios: {_ranges(missing)}")


if __name__ == "__main__":
    main()
