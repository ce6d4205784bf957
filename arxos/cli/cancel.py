"""`arxos jobs cancel`: one job, several, or all that fit a filter."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from arxos.app.bootstrap import Runtime
from arxos.cli import choices
from arxos.cli.job_ids import job_id as a_job
from arxos.cli.jobs import Reason
from arxos.cli.operator import By, operator
from arxos.cli.output import print_json, print_remark, print_table
from arxos.cli.progress import bar
from arxos.cli.session import session
from arxos.cli.submit import watched
from arxos.cli.times import Since
from arxos.domain.errors import ConflictError, NotFoundError, TransientError, UnavailableError
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import Cancelled, JobFilter, Ledger

T = TypeVar("T")
TRIES = 5
CHUNK = 1000  # jobs cancelled in one transaction: short enough to stand in nobody's way


def cancel(
    job_ids: Annotated[
        list[UUID] | None,
        typer.Argument(metavar="JOB…", parser=a_job, help="Their ids, or beginnings; or give a filter."),
    ] = None,
    state: Annotated[JobState | None, typer.Option(help="All in this state.")] = None,
    kind: Annotated[str | None, typer.Option(help="All of this kind.", autocompletion=choices.kinds)] = None,
    queue: Annotated[str | None, typer.Option(help="All of this queue.", autocompletion=choices.queues)] = None,
    building: Annotated[UUID | None, typer.Option(help="All of this building, by its id.")] = None,
    submitter: Annotated[str | None, typer.Option(help="All that were submitted by this one.")] = None,
    since: Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many fit the filter.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until they have ended; exit 1 if one ended otherwise.")] = False,
    by: By = None,
    reason: Reason = "no longer wanted",
) -> None:
    """Cancel jobs: waiting ones never start, running ones are told, and ended if they do not stop.

    Several options of the filter must all fit. What waits for a cancelled job is cancelled with it.

    Example: arxos jobs cancel JOB --reason 'the wrong file' --as ada
    Example: arxos jobs cancel --kind building.warm_cache --queue cache --dry-run
    Example: arxos jobs cancel --submitter importer --since 2h --reason 'imported twice'
    """
    who = operator(by, reason).name
    which = JobFilter(state=state, kind=kind, queue=queue, building_id=building, submitted_by=submitter, since=since)
    if bool(job_ids) is (which != JobFilter()):
        raise typer.BadParameter("name jobs by their ids, or choose them by a filter such as --kind")
    if which != JobFilter():
        if wait:
            raise typer.BadParameter("--wait goes with ids of jobs")
        _cancel_all(session(), which, who, reason, dry_run=dry_run)
        return
    if dry_run:
        raise typer.BadParameter("--dry-run goes with a filter")
    _cancel_these(session(), job_ids or [], who, reason, wait=wait)


def _cancel_these(runtime: Runtime, job_ids: Sequence[UUID], by: str, reason: str, *, wait: bool) -> None:
    """Each for itself: that one cannot be cancelled any more keeps no other from it."""
    done, refusals = list[Cancelled](), list[ConflictError | NotFoundError]()
    for job_id in job_ids:
        try:
            done.append(_do(runtime, lambda jobs, one=job_id: jobs.cancel(one, by, reason)))  # type: ignore[misc]
        except (ConflictError, NotFoundError) as refusal:
            refusals.append(refusal)
    if wait:
        done = [Cancelled(one.job_id, watched(runtime, one.job_id).state) for one in done]
    _print(done, alone=len(job_ids) == 1)
    if refusals:
        more = f" (and {len(refusals) - 1} more of {len(job_ids)} jobs)" if len(refusals) > 1 else ""
        raise ConflictError(f"{refusals[0]}{more}") from refusals[0]
    if wait and any(one.state is not JobState.CANCELLED for one in done):
        raise typer.Exit(1)


def _print(done: Sequence[Cancelled], *, alone: bool) -> None:
    if alone:
        print(*(one.state for one in done), sep="\n", end="\n" if done else "")
    else:
        print_table(("id", "state"), [(one.job_id, one.state) for one in done])
    if running := sum(one.state is JobState.RUNNING for one in done):
        which = "it runs: its body is" if alone else f"{running} of them run: their bodies are"
        print_remark(f"{which} told to stop")


def _cancel_all(runtime: Runtime, which: JobFilter, by: str, reason: str, *, dry_run: bool) -> None:
    with runtime.ports.unit_of_work() as uow:
        found = uow.jobs.cancellable(which)
    matched, done, told = sum(found.values()), 0, 0
    if not dry_run:
        with bar(matched, "cancelling") as act:
            for page in _pages(runtime, which, by, reason):
                done += len(page)
                told += sum(one.state is JobState.RUNNING for one in page)
                act.advance(len(page))
    print_json({"matched": matched, "done": done, "told": told})


def _pages(runtime: Runtime, which: JobFilter, by: str, reason: str) -> Iterator[Sequence[Cancelled]]:
    """What comes in meanwhile is newer, and not met."""
    cursor: UUID | None = None
    while True:
        page = _do(runtime, lambda jobs, at=cursor: jobs.cancel_all(which, by, reason, limit=CHUNK, before=at))  # type: ignore[misc]
        yield page.jobs
        if (cursor := page.cursor) is None:
            return


def _do(runtime: Runtime, act: Callable[[Ledger], T], tries: int = TRIES) -> T:
    """In a transaction. Where others change the same workflows, the database may ask somebody to repeat all of it."""
    try:
        with runtime.ports.unit_of_work() as uow:
            result = act(uow.jobs)
            uow.commit()
            return result
    except TransientError as error:
        if isinstance(error, UnavailableError) or tries == 1:
            raise
    return _do(runtime, act, tries - 1)
