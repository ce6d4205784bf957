"""Draws a storm: jobs accepted and finished a second, and below, a lane for each kind of fault."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 1200, 500
LEFT, RIGHT, TOP = 150, 16, 46
FOOT = 24  # the time axis and its words
LANE_MOST = 16.0
CHART_LEAST = 150.0
STYLE = (
    "text{font:11px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}.soft{fill:#777}"
    ".accepted{fill:none;stroke:#1f6fb5;stroke-width:1.4}.finished{fill:#2a9d62;fill-opacity:.35;stroke:#2a9d62}"
    ".grid{stroke:#ddd}.shade{fill:#c0392b;fill-opacity:.10}.fault{fill:#c0392b}.after{fill:#e9a23b}.late{fill:#7b1fa2}"
    ".paper{fill:#fff}.odd{fill:#f6f6f6}"
)


def draw(report: dict[str, Any]) -> str:
    """The SVG document."""
    return "".join(_Drawing(report).document()) + "\n"


class _Drawing:
    """Where things are on the sheet."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.report, self.faults = report, report["faults"]
        self.kinds = [row["kind"] for row in report["kinds"]]
        series = report["series"]
        self.end = max(len(series["accepted"]) * series["every_s"], 1.0)
        self.lane = min(LANE_MOST, (HEIGHT - TOP - FOOT - CHART_LEAST - 8) / max(1, len(self.kinds)))
        self.floor = HEIGHT - FOOT - 8 - self.lane * len(self.kinds)  # of the chart
        # A spike after an outage may be any height: it is cut off rather than flattening all the rest.
        rates = sorted([*series["accepted"], *series["finished"]])
        self.most = max(10.0, 1.6 * rates[int(0.97 * (len(rates) - 1))]) if rates else 10.0

    def document(self) -> Iterator[str]:
        report = self.report
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
            f' role="img"><title>Jobs through a storm of faults</title><style>{STYLE}</style>'
            f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>'
        )
        yield _text(
            LEFT, 18, f"Seed {report['seed']}: {len(self.faults)} faults in {report['minutes']:g} minutes", "title"
        )
        yield _text(
            LEFT,
            35,
            f"{report['accepted']:,} jobs accepted, {report['finished']:,} finished, {report['lost']} lost,"
            f" {report['duplicated']} duplicated",
            "soft",
        )
        yield from self._legend()
        yield from self._lanes()
        yield from self._axes()
        yield from self._lines()
        yield "</svg>"

    def _legend(self) -> Iterator[str]:
        marks = (
            ("accepted", "accepted/s"),
            ("finished", "finished/s"),
            ("fault", "fault"),
            ("after", "until recovered"),
        )
        for place, (kind, words) in enumerate(marks):
            x = 700 + 125 * place
            line = f'<path class="accepted" d="M{x} 15h14"/>'
            yield line if kind == "accepted" else f'<rect class="{kind}" x="{x}" y="10" width="14" height="9"/>'
            yield _text(x + 19, 19, words)

    def _axes(self) -> Iterator[str]:
        for rate in _ticks(self.most, 4):
            y = self._y(rate)
            yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>' + _text(
                LEFT - 6, y + 4, f"{rate:g}/s", "soft", "end"
            )
        for second in range(0, int(self.end) + 1, 30 if self.end < 400 else 120):
            yield _text(self._x(second), HEIGHT - 8, f"{second // 60}:{second % 60:02}", "soft", "middle")

    def _lanes(self) -> Iterator[str]:
        for place, kind in enumerate(self.kinds):
            top = self.floor + 8 + place * self.lane
            if place % 2 == 0:
                yield f'<rect class="odd" x="0" y="{top:.1f}" width="{WIDTH}" height="{self.lane:.1f}"/>'
            yield _text(LEFT - 6, top + self.lane / 2 + 4, kind, anchor="end")
            for fault in self.faults:
                if fault["kind"] == kind:
                    yield from self._fault(fault, top)

    def _fault(self, fault: dict[str, Any], top: float) -> Iterator[str]:
        """Its band through the chart; in its lane itself, and behind it the time until all was well."""
        begin, end = self._x(fault["begin"]), self._x(fault["end"])
        width = max(end - begin, 2.0)
        yield f'<rect class="shade" x="{begin:.1f}" y="{TOP}" width="{width:.1f}" height="{top - TOP:.1f}"/>'
        slowest = [fault["submitted_then_s"], fault["open_then_s"]]
        never = None in slowest
        after = self.end if never else min(self.end, fault["end"] + max(one or 0.0 for one in slowest))
        y, height = top + 2, self.lane - 4
        kind, length = "late" if never else "after", max(0.0, self._x(after) - end)
        yield f'<rect class="{kind}" x="{end:.1f}" y="{y:.1f}" width="{length:.1f}" height="{height:.1f}"/>'
        yield (
            f'<rect class="fault" x="{begin:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}">'
            f"<title>{escape(fault['target'])}</title></rect>"
        )

    def _lines(self) -> Iterator[str]:
        series = self.report["series"]
        every = series["every_s"]
        below = f"L{self._x(len(series['finished']) * every):.1f} {self.floor:.1f}L{LEFT} {self.floor:.1f}Z"
        yield f'<path class="finished" d="{self._path(series["finished"], every)}{below}"/>'
        yield f'<path class="accepted" d="{self._path(series["accepted"], every)}"/>'

    def _path(self, rates: Sequence[float], every: float) -> str:
        points = [f"{self._x((place + 0.5) * every):.1f} {self._y(rate):.1f}" for place, rate in enumerate(rates)]
        return "M" + "L".join(points)

    def _x(self, second: float) -> float:
        place: float = min(second, self.end) / self.end
        return LEFT + (WIDTH - LEFT - RIGHT) * place

    def _y(self, rate: float) -> float:
        return self.floor - (self.floor - TOP) * min(rate, self.most) / self.most


def _ticks(most: float, about: int) -> list[float]:
    """Round numbers from 0 to `most`: the fewest steps of 1, 2 or 5 that are not more than `about`."""
    steps = (base * 10.0**power for power in range(-2, 6) for base in (1, 2, 5))
    step = next(step for step in steps if most / step <= about)
    return [round(step * number, 2) for number in range(int(most / step) + 1)]


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(words)}</text>'
