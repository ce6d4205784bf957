"""How far long acts are, live on stderr: only where that is a terminal, and never on stdout."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from arxos.cli.cells import COLOURS, flat
from arxos.cli.terminal import console
from arxos.domain.jobs.job import FINAL, Job, JobState


@dataclass(frozen=True, slots=True)
class Bar:
    """One long act's bar."""

    progress: Progress
    task: TaskID

    def advance(self, count: int = 1, part: float | None = None) -> None:
        """So many more things are done; `part`: how much of the total they are, where it is counted otherwise."""
        done = self.progress.tasks[0].fields["count"] + count
        self.progress.update(self.task, advance=count if part is None else part, count=done)


@contextmanager
def bar(total: float | None, what: str, *, counted: bool = True) -> Iterator[Bar]:
    """A bar with count, rate and remaining time. `total` None: how many there are is not known.

    `counted` False: the total is of something else than what is counted, such as the bytes of a file of jobs.
    """
    time = TimeElapsedColumn() if total is None else TimeRemainingColumn()
    with _progress(TextColumn("{task.description}", markup=False), BarColumn(), _Count(), _Rate(), time) as progress:
        yield Bar(progress, progress.add_task(what, total=total, count=0, counted=counted))


@contextmanager
def job_bars() -> Iterator[Callable[[Sequence[Job]], None]]:
    """A line for each job: kind, bar, state or what it says of itself, time. Yields what takes each new reading."""
    columns = (TextColumn("{task.description:24}", markup=False), BarColumn(), _Note(), TimeElapsedColumn())
    with _progress(*columns, transient=False) as progress:
        bars: dict[UUID, TaskID] = {}
        yield lambda now: _show(progress, bars, now)


def _show(progress: Progress, bars: dict[UUID, TaskID], jobs: Sequence[Job]) -> None:
    for job in jobs:
        if job.id not in bars:
            bars[job.id] = progress.add_task(job.kind, total=1.0, job=job)
        done = 1.0 if job.state is JobState.SUCCEEDED else job.progress or 0.0
        progress.update(bars[job.id], completed=done, job=job)
        if job.state in FINAL:
            progress.stop_task(bars[job.id])


def _progress(*columns: ProgressColumn, transient: bool = True) -> Progress:
    own = console(stderr=True)
    silent = not sys.stderr.isatty() or own.is_dumb_terminal
    # What is printed meanwhile goes above the bar; what is piped away is none of the terminal's business.
    return Progress(*columns, console=own, disable=silent, transient=transient, redirect_stdout=sys.stdout.isatty())


class _Count(ProgressColumn):
    def render(self, task: Task) -> Text:
        of = f" of {task.total:,.0f}" if task.total is not None and task.fields["counted"] else ""
        return Text(f"{task.fields['count']:,}{of}")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        if not task.speed or not task.completed:
            return Text("")
        rate = task.speed * task.fields["count"] / task.completed
        return Text(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s", style="bright_black")


class _Note(ProgressColumn):
    def render(self, task: Task) -> Text:
        job: Job = task.fields["job"]
        said = job.progress_note if job.state is JobState.RUNNING else None
        return Text(f"{flat(said or job.state.value)[:32]:32}", style=COLOURS.get(job.state, ""))
