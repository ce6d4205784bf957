"""`arxos jobs redrive` and `discard`: acts on dead jobs that are named."""

from collections.abc import Callable, Sequence
from typing import Annotated
from uuid import UUID

import typer

from arxos.cli.job_ids import job_id
from arxos.cli.operator import By, Reason, ReasonNeeded, operator, submitter
from arxos.cli.session import session
from arxos.cli.submit import read_payload
from arxos.domain.jobs.desk import Desk, Edit
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.submitter import Submitter
from arxos.tasks.authorization import authorized_edit

JobIds = Annotated[
    list[UUID],
    typer.Argument(metavar="JOB...", parser=job_id, help="Their ids, or beginnings; either all are done or none."),
]
DropDeadline = Annotated[
    bool, typer.Option("--drop-deadline", help="Redrive without it what has a deadline that passed; else it is left.")
]


def redrive(
    jobs: JobIds,
    payload: Annotated[
        str | None, typer.Option(help="Another payload: JSON, @FILE, or -. The one before is kept beside it.")
    ] = None,
    drop_deadline: DropDeadline = False,
    reason: Reason = None,
    by: By = None,
) -> None:
    """Send dead jobs round again with a fresh budget of attempts.

    Example: arxos jobs redrive JOB --reason 'the disk has room again'
    Example: arxos jobs redrive JOB --payload '{"model_id": "…"}' --as ada
    """
    if payload is not None and len(jobs) > 1:
        raise typer.BadParameter("--payload is for one job at a time")
    new = read_payload(payload) if payload is not None else None
    who = operator(by, reason)
    edit = _edit(jobs[0], new, submitter(by)) if new is not None else None
    _act(jobs, lambda desk, one: desk.redrive(one, who, edit=edit, drop_deadline=drop_deadline), JobState.QUEUED)


def retry(jobs: JobIds, reason: Reason = None, by: By = None) -> None:
    """Try jobs now that wait for their time: a retry's, or the one that they were submitted for.

    Example: arxos jobs retry JOB --reason 'the server is back'
    """
    who = operator(by, reason)
    _act(jobs, lambda desk, one: desk.retry(one, who), JobState.QUEUED)


def discard(jobs: JobIds, reason: ReasonNeeded, by: By = None) -> None:
    """Close dead jobs for good.

    Example: arxos jobs discard JOB --reason 'the building is gone'
    """
    who = operator(by, reason)
    _act(jobs, lambda desk, one: desk.discard(one, who), JobState.CANCELLED)


def _act(jobs: Sequence[UUID], act: Callable[[Desk, UUID], None], state: JobState) -> None:
    """All in one transaction, then the state that they are in by now."""
    with session().ports.unit_of_work() as uow:
        for one in jobs:
            act(uow.desk, one)
        uow.commit()
    for one in jobs:
        print(state if len(jobs) == 1 else f"{one}\t{state}")


def _edit(dead: UUID, payload: dict[str, object], by: Submitter) -> Edit:
    runtime = session()
    with runtime.ports.unit_of_work() as uow:
        job = uow.jobs.get(dead)
    return authorized_edit(runtime.kinds, job.kind, payload, by)
