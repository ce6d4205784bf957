"""Jobs by the minute over an hour, as bars: what ended well, and what died."""

from datetime import timedelta

from markupsafe import Markup

from arxos.storage.overview import LastHour

MINUTES, WIDTH, HEIGHT = 60, 600, 90


def chart(hour: LastHour) -> Markup:
    """SVG, styled by the console's own sheet."""
    minutes = [hour.minute - timedelta(minutes=back) for back in range(MINUTES - 1, -1, -1)]
    columns = [(hour.ended.get(minute, 0), hour.died.get(minute, 0)) for minute in minutes]
    most = max((well + dead for well, dead in columns), default=0) or 1
    words = f"{sum(w for w, _ in columns):,} jobs succeeded and {sum(d for _, d in columns):,} died in the last hour"
    head = Markup(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
    ).format(WIDTH, HEIGHT, words)
    bars = Markup("").join(_column(place, well, dead, most) for place, (well, dead) in enumerate(columns))
    return head + bars + Markup("</svg>")


def _column(place: int, well: int, dead: int, most: int) -> Markup:
    width = WIDTH / MINUTES
    high, low = HEIGHT * well / most, HEIGHT * dead / most
    bar = Markup('<rect class="s-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>')
    title = f"{MINUTES - 1 - place} min ago: {well} succeeded, {dead} died"
    parts = [
        bar.format("succeeded", place * width, HEIGHT - high - low, width - 1.5, high, title),
        bar.format("dead", place * width, HEIGHT - low, width - 1.5, low, title),
    ]
    return Markup("").join(part for part, size in zip(parts, (high, low), strict=True) if size)
