"""One job as a page for people: what it is, how it goes, what it was given, what became of each attempt."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from arxos.cli.cells import COLOURS, flat, piped, shown
from arxos.cli.table import as_column, table
from arxos.cli.times import exact, relative
from arxos.domain.jobs.job import AttemptRecord, Job, JobState, in_words

# In the order of a job's life. What a job has besides and is not told elsewhere on the page follows.
FACTS: Mapping[str, str] = {
    "queue": "queue",
    "priority": "priority",
    "submitted_by": "submitted by",
    "created_at": "submitted",
    "available_at": "due",
    "waiting_for": "waits for jobs",
    "published_at": "published",
    "started_at": "started",
    "finished_at": "finished",
    "deadline": "deadline",
    "worker": "worker",
    "lost": "lost",
    "building_id": "building",
    "idempotency_key": "key",
    "cancel_requested_by": "cancelled by",
    "redriven": "redriven",
    "redriven_at": "last redriven",
    "redriven_by": "redriven by",
}
APART = frozenset(
    ("id", "kind", "state", "attempt", "max_attempts", "payload", "result", "progress", "progress_note", "attempts")
) | {"original_payload", "acts", "unreadable"}
ERROR = ("error_type", "error_message", "error_place", "error_fingerprint")
ATTEMPTS = ("attempt", "outcome", "started", "took", "worker", "error")
LISTS = frozenset({"attempts", "acts"})
SILENT: tuple[object, ...] = (None, 0, "", (), {})


def job_page(job: Job, width: int, now: datetime | None = None) -> Iterator[RenderableType]:
    """The parts of the page, top to bottom; `width` is the terminal's."""
    now = now or datetime.now(UTC)
    yield _headline(job)
    if job.state is JobState.RUNNING and job.progress is not None:
        yield _progress(job, job.progress)
    yield from _part("", _facts(job, now))
    if job.unreadable:
        yield from _part("unreadable", Text(flat(in_words(job.unreadable)), style="magenta", overflow="fold"))
    if job.error_type:
        yield from _part("error", _error(job))
    for name in ("payload", "original_payload", "result"):
        if value := getattr(job, name):
            yield from _part(name.replace("_", " "), _document(value))
    if job.attempts:
        rows = [attempt_row(attempt) for attempt in job.attempts]
        yield from _part("attempts", table([as_column(name) for name in ATTEMPTS], rows, width - 2, fold=True)[0])
    if job.acts:
        columns, rows = acts_of(job)
        yield from _part("acts", table([as_column(name) for name in columns], rows, width - 2, fold=True)[0])


def attempt_row(attempt: AttemptRecord) -> tuple[Any, ...]:
    """An attempt as a line under ATTEMPTS."""
    took = exact(attempt.finished_at - attempt.started_at)
    error = f"{attempt.error_type}: {attempt.error_message}" if attempt.error_type else None
    return attempt.attempt, attempt.outcome, attempt.started_at, took, attempt.worker, error


def _headline(job: Job) -> Text:
    counted = f"  attempt {job.attempt} of {job.max_attempts}" if job.attempt else ""
    state = (job.state.value, f"bold {COLOURS[job.state]}")
    return Text.assemble((job.kind, "bold"), "  ", state, counted, f"\n{job.id}", overflow="fold")


def _progress(job: Job, done: float) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    note = Text(flat(job.progress_note or ""), style="bright_black")
    grid.add_row(ProgressBar(1.0, done, width=30), Text(f"{done:.0%}"), note)
    return grid


def _part(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield Text(f"\n{title}" if title else "", style="bold")
    yield Padding(body, (0, 0, 0, 2))


def _facts(job: Job, now: datetime) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bright_black", no_wrap=True)
    grid.add_column(overflow="fold")
    others = {f.name: f.name.replace("_", " ") for f in dataclasses.fields(job) if f.name not in {*APART, *ERROR}}
    for name, title in ({**FACTS, **{name: title for name, title in others.items() if name not in FACTS}}).items():
        if (value := getattr(job, name)) not in SILENT:
            grid.add_row(title, _fact(job, name, value, now))
    return grid


def _fact(job: Job, name: str, value: Any, now: datetime) -> Text:
    if not isinstance(value, datetime):
        return Text(shown(value, now) if isinstance(value, int) else piped(value))
    took = job.finished_at - job.started_at if job.finished_at and job.started_at else timedelta(0)
    ran = f", ran for {exact(took)}" if name == "finished_at" and took else ""
    return Text.assemble(f"{relative(value, now)}{ran}  ", (piped(value), "bright_black"))


def _error(job: Job) -> RenderableType:
    said = Text(f"{job.error_type}: {flat(job.error_message or '')}", style="red", overflow="fold")
    place = " · ".join(filter(None, (job.error_place, job.error_fingerprint)))
    return Group(said, Text(f"at {place}", style="bright_black")) if place else said


def _document(value: Mapping[str, Any]) -> Text:
    lines = json.dumps(dict(value), indent=2, ensure_ascii=False, default=str).splitlines()
    return Text("\n".join(map(flat, lines)), overflow="fold")


def facts_of(document: Mapping[str, object]) -> list[tuple[str, object]]:
    """The facts for a pipe: whatever is known, under the names that JSON has for them."""
    return [(name, value) for name, value in document.items() if value is not None and name not in LISTS]


def acts_of(job: Job) -> tuple[Sequence[str], list[tuple[object, ...]]]:
    """What operators did to it: columns and rows."""
    columns = ("act", "at", "by", "from", "reason", "bulk act")
    return columns, [(one.action, one.at, one.actor, one.source, one.reason, one.act_id) for one in job.acts]


def attempts_of(job: Job) -> tuple[Sequence[str], list[tuple[object, ...]]]:
    """The attempts for a pipe: columns and rows."""
    columns = ("attempt", "outcome", "started", "finished", "worker", "error")
    return columns, [
        (one.attempt, one.outcome, one.started_at, one.finished_at, one.worker, one.error_message)
        for one in job.attempts
    ]
