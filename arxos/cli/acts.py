"""`arxos jobs redrive` and `discard`: acts on dead jobs that are named."""

from typing import Annotated
from uuid import UUID

import typer

from arxos.app.bootstrap import Runtime
from arxos.cli.job_ids import job_id
from arxos.cli.operator import By, Reason, ReasonNeeded, operator
from arxos.cli.session import session
from arxos.cli.submit import read_payload
from arxos.domain.jobs.desk import Edit
from arxos.domain.jobs.job import JobState
from arxos.tasks.request import edited

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
    runtime, who = session(), operator(by, reason)
    edit = _edit(runtime, jobs[0], new) if new is not None else None
    with runtime.ports.unit_of_work() as uow:
        for one in jobs:
            uow.desk.redrive(one, who, edit=edit, drop_deadline=drop_deadline)
        uow.commit()
    _print_states(jobs, JobState.QUEUED)


def retry(jobs: JobIds, reason: Reason = None, by: By = None) -> None:
    """Try jobs now that wait for their time: a retry's, or the one that they were submitted for.

    Example: arxos jobs retry JOB --reason 'the server is back'
    """
    who = operator(by, reason)
    with session().ports.unit_of_work() as uow:
        for job_id in jobs:
            uow.desk.retry(job_id, who)
        uow.commit()
    _print_states(jobs, JobState.QUEUED)


def discard(jobs: JobIds, reason: ReasonNeeded, by: By = None) -> None:
    """Close dead jobs for good.

    Example: arxos jobs discard JOB --reason 'the building is gone'
    """
    who = operator(by, reason)
    with session().ports.unit_of_work() as uow:
        for one in jobs:
            uow.desk.discard(one, who)
        uow.commit()
    _print_states(jobs, JobState.CANCELLED)


def _edit(runtime: Runtime, dead: UUID, payload: dict[str, object]) -> Edit:
    with runtime.ports.unit_of_work() as uow:
        job = uow.jobs.get(dead)
    return edited(runtime.kinds, job.kind, payload)


def _print_states(jobs: list[UUID], state: JobState) -> None:
    for one in jobs:
        print(state if len(jobs) == 1 else f"{one}\t{state}")
