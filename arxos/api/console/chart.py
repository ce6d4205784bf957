"""Jobs over time, as bars: what ended well, and what died."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from arxos.storage.overview import LastHour

MINUTES, WIDTH, HEIGHT, GAP = 60, 600, 90, 1.5


@dataclass(frozen=True, slots=True)
class Column:
    """One bar. `when`: in words."""

    when: str
    well: int
    dead: int


def chart(hour: LastHour) -> Markup:
    """The last hour by the minute."""
    ago = range(MINUTES - 1, -1, -1)
    minutes = [(back, hour.minute - timedelta(minutes=back)) for back in ago]
    columns = [Column(f"{back} min ago", hour.ended.get(at, 0), hour.died.get(at, 0)) for back, at in minutes]
    return draw_chart(columns, "in the last hour")


def draw_chart(columns: Sequence[Column], span: str) -> Markup:
    """SVG, styled by the console's own sheet."""
    most = max((one.well + one.dead for one in columns), default=0) or 1
    words = f"{sum(o.well for o in columns):,} jobs succeeded and {sum(o.dead for o in columns):,} died {span}"
    head = Markup(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
    ).format(WIDTH, HEIGHT, words)
    width = WIDTH / max(1, len(columns))
    bars = Markup("").join(_bars(one, place * width, width, most) for place, one in enumerate(columns))
    return head + bars + Markup("</svg>")


def _bars(one: Column, left: float, width: float, most: int) -> Markup:
    high, low = HEIGHT * one.well / most, HEIGHT * one.dead / most
    bar = Markup('<rect class="s-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>')
    title = f"{one.when}: {one.well:,} succeeded, {one.dead:,} died"
    wide = width - min(GAP, width / 3)
    parts = [
        bar.format("succeeded", left, HEIGHT - high - low, wide, high, title),
        bar.format("dead", left, HEIGHT - low, wide, low, title),
    ]
    return Markup("").join(part for part, size in zip(parts, (high, low), strict=True) if size)
