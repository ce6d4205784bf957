"""What stands around a plan: title, north arrow, scale bar, legend of the remarks. Sheet millimetres."""

from collections.abc import Iterator
from math import log10

from arxos.domain.buildings.plan import FloorPlan, Remark
from arxos.domain.markup import safe

LEGEND_LIMIT = 12  # rules; the report has them all


def title_block(plan: FloorPlan, text: int) -> Iterator[str]:
    """The building, the floor and its area; the first baseline lies at y = 1.9 text heights, x = 0."""
    name, level = plan.floor.name or "Unnamed floor", plan.floor.elevation_m
    height = "" if level is None else f"level {level:+.2f} m".replace("-", "−")
    rooms = f"{len(plan.spaces)} space{'' if len(plan.spaces) == 1 else 's'}"
    area = f"{plan.area_m2:,.0f} m²".replace(",", "\u202f") if plan.spaces else ""
    facts = " · ".join(filter(None, (height, rooms, area, f"model revision {plan.revision}")))
    yield f'<text class="strong" y="{round(1.9 * text)}" font-size="{round(1.9 * text)}">{safe(name, 60)}</text>'
    yield f'<text y="{round(3.5 * text)}" font-size="{round(1.05 * text)}">{safe(plan.building_name, 90)}</text>'
    yield f'<text class="soft" y="{round(4.9 * text)}" font-size="{round(0.9 * text)}">{safe(facts)}</text>'


def north_arrow(true_north_deg: float, x: int, y: int, text: int) -> str:
    """A needle about x, y, 4 text heights across, turned clockwise to true north."""
    r = 2 * text
    needle = f'<path class="bar" d="M0 {-r}L{round(r * 0.42)} {round(r * 0.62)}L0 {round(r * 0.3)}z"/>'
    shadow = f'<path class="hollow" d="M0 {-r}L{round(-r * 0.42)} {round(r * 0.62)}L0 {round(r * 0.3)}z"/>'
    letter = f'<text class="strong mid" y="{round(-1.18 * r)}" font-size="{round(1.1 * text)}">N</text>'
    turn = f"rotate({true_north_deg:.1f})" if true_north_deg else ""
    return (
        f'<g class="north" transform="translate({x} {y}) {turn}"><title>true north</title>{needle}{shadow}{letter}</g>'
    )


def scale_bar(width_m: float, x: int, y: int, text: int) -> Iterator[str]:
    """Four equal parts, alternately filled: the roundest length (1, 2 or 5 · 10ⁿ m) up to 2/5 of the sheet's width."""
    part = _round_length(width_m / 2.5 / 4)
    height, step = round(0.45 * text), round(part * 1000)
    for i in range(4):
        fill = "hollow" if i % 2 else "bar"
        yield f'<rect class="{fill}" x="{x + i * step}" y="{y}" width="{step}" height="{height}"/>'
    for i in (0, 1, 2, 4):
        label = f"{part * i:g}{' m' if i == 4 else ''}"
        size = round(0.85 * text)
        at = f'x="{x + i * step}" y="{y + round(1.6 * text)}" font-size="{size}"'
        yield f'<text class="mid soft" {at}>{label}</text>'


def _round_length(longest: float) -> float:
    """The largest of 1, 2, 5 · 10ⁿ that is not longer: 2.7 gives 2, 0.09 gives 0.05."""
    power: float = 10.0 ** int(log10(longest) // 1)
    return next(power * digit for digit in (5, 2, 1) if power * digit <= longest * 1.0000001)


def legend(remarks: tuple[Remark, ...], x: int, y: int, text: int) -> Iterator[str]:
    """One line a rule, worst first; `y`: the first line's middle. Lines are 1.9 text heights apart."""
    for row, remark in enumerate(remarks[:LEGEND_LIMIT]):
        at = y + round(row * 1.9 * text)
        yield marker(remark, x + round(0.7 * text), at, round(0.7 * text))
        words = f"{remark.title} ({remark.rule})"
        times = f"× {len(remark.findings)}" if len(remark.findings) > 1 else ""
        baseline = at + round(0.32 * text)
        yield (
            f'<text x="{x + round(2 * text)}" y="{baseline}" font-size="{round(0.9 * text)}">{safe(words, 110)}'
            f'<tspan class="soft" dx="{round(0.4 * text)}">{times}</tspan></text>'
        )
    if len(remarks) > LEGEND_LIMIT:
        at = y + round((LEGEND_LIMIT * 1.9 + 0.3) * text)
        more = f"… and {len(remarks) - LEGEND_LIMIT} more rules in the report"
        yield f'<text class="soft" x="{x + round(2 * text)}" y="{at}" font-size="{round(0.9 * text)}">{more}</text>'


def legend_height(remarks: tuple[Remark, ...], text: int) -> int:
    """What `legend` needs, in sheet millimetres."""
    rows = min(len(remarks), LEGEND_LIMIT) + (len(remarks) > LEGEND_LIMIT)
    return round(rows * 1.9 * text)


def marker(remark: Remark, x: int, y: int, r: int, tip: str = "") -> str:
    """A numbered disc in the colour of its severity; `tip` shows when a pointer rests on it."""
    title = f"<title>{safe(tip, 300)}</title>" if tip else ""
    size = round(r * (1.25 if remark.number < 10 else 1.0))
    return (
        f'<g class="finding">{title}<circle class="mark {remark.severity.value}" cx="{x}" cy="{y}" r="{r}"'
        f' stroke-width="{max(round(r * 0.16), 1)}"/><text class="count" x="{x}" y="{y + round(size * 0.36)}"'
        f' font-size="{size}">{remark.number}</text></g>'
    )
