"""A job's life drawn as bars: waiting and each attempt, from submission to its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from arxos.domain.jobs.job import Job

ROW, WIDTH, LEFT = 26, 1000, 150
LEAST = 3.0  # as wide as what was too short to be seen
MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of time; `sort`: its colour."""

    name: str
    sort: str
    since: datetime
    until: datetime


def bars_of(job: Job, now: datetime) -> list[Bar]:
    """Waiting for the first attempt, the attempts that have ended, and the one that runs; of very many the latest."""
    first = job.attempts[0].started_at if job.attempts else job.started_at
    bars = [Bar("waiting", "queued", job.created_at, first or job.finished_at or now)]
    bars += [Bar(f"attempt {one.attempt}", one.outcome, one.started_at, one.finished_at) for one in job.attempts]
    if job.state == "running" and job.started_at is not None:
        bars.append(Bar(f"attempt {job.attempt}", "running", job.started_at, now))
    return bars[-MOST_ROWS:]


def timeline(job: Job, now: datetime) -> Markup:
    """SVG, styled by the console's own sheet."""
    bars = bars_of(job, now)
    start, end = min(bar.since for bar in bars), max(bar.until for bar in bars)
    scale = (WIDTH - LEFT) / max((end - start).total_seconds(), 0.001)
    height = ROW * len(bars)
    head = Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        WIDTH, height, f"{len(bars)} stretches of time in {(end - start).total_seconds():.1f} s"
    )
    return head + Markup("").join(_row(place, bar, start, scale) for place, bar in enumerate(bars)) + Markup("</svg>")


def _row(place: int, bar: Bar, start: datetime, scale: float) -> Markup:
    return Markup("").join(_parts(place, bar, start, scale))


def _parts(place: int, bar: Bar, start: datetime, scale: float) -> Iterator[Markup]:
    y, seconds = place * ROW, max(0.0, (bar.until - bar.since).total_seconds())
    x = LEFT + max(0.0, (bar.since - start).total_seconds()) * scale
    width = max(seconds * scale, LEAST)
    yield Markup('<text x="0" y="{}">{}</text>').format(y + 17, bar.name)
    title = f"{bar.name}: {bar.sort}, {seconds:.3f} s"
    yield Markup(
        '<rect class="s-{}" x="{:.1f}" y="{}" width="{:.1f}" height="16" rx="3"><title>{}</title></rect>'
    ).format(bar.sort, min(x, WIDTH - LEAST), y + 5, min(width, WIDTH - min(x, WIDTH - LEAST)), title)
