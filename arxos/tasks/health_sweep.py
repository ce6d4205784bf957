"""`health.sweep`: a check for every building that is due; `health.report`: what they came to."""

from uuid import UUID

from pydantic import Field

from arxos.domain.access import Permission
from arxos.domain.health.sweep_buildings import GIVEN_UP_S, order_checks
from arxos.domain.jobs.job import NewJob, OnFailure
from arxos.domain.jobs.limits import Allowance
from arxos.tasks.kind import SYSTEM_ONLY, Attempt, Done, Payload, Result, job_kind
from arxos.tasks.registry import all_kinds
from arxos.tasks.request import JobRequest, Predecessor, new_job

DAY_S = 86_400.0
KEPT_S = 400 * DAY_S  # for how long changes and sweeps can be read
BY = "health.sweep"


class SweepHealth(Payload):
    """`older_than_s`: what was checked within so many seconds and did not change since is left out."""

    older_than_s: float = Field(default=DAY_S, ge=0)


class Swept(Result):
    """How many checks were ordered, and the job that waits for all of them.

    `under_way`: another sweep that has not ended; then none was ordered.
    """

    ordered: int
    report_id: UUID | None = None
    under_way: UUID | None = None


class ReportHealth(Payload):
    """Of which sweep."""

    sweep_id: UUID


class Reported(Result):
    """Checks by status; and `failed`, `changed`."""

    due: int
    counts: dict[str, int]


@job_kind(
    "health.sweep",
    queue="health",
    payload=SweepHealth,
    submit=Permission.ADMINISTER,
    allowed=Allowance(running=1),
    soft_limit_s=1800.0,
    hard_limit_s=1860.0,
)
def sweep_health(payload: SweepHealth, attempt: Attempt) -> Done:
    """Order a check of every building that is due, and one report when all of them have ended."""
    with attempt.ports.unit_of_work() as uow:
        if (other := uow.health.under_way(attempt.job_id, GIVEN_UP_S)) is not None:
            return Done(Swept(ordered=0, under_way=other))
        uow.health.forget(KEPT_S)
        sweep = uow.health.begin_sweep(attempt.job_id)
        [report_id] = uow.jobs.insert([_report_of(attempt.job_id)])
        uow.commit()
    sweep = order_checks(
        attempt.ports.unit_of_work, sweep, report_id, _check_of, payload.older_than_s, attempt.progress
    )
    return Done(Swept(ordered=sweep.due, report_id=report_id))


@job_kind("health.report", queue="health", payload=ReportHealth, submit=SYSTEM_ONLY)
def report_health(payload: ReportHealth, attempt: Attempt) -> Done:
    """Count what a sweep's checks came to. Idempotent: it counts again."""
    with attempt.ports.unit_of_work() as uow:
        sweep = uow.health.finish_sweep(payload.sweep_id, attempt.job_id)
        uow.commit()
    return Done(Reported(due=sweep.due, counts=sweep.counts))


def _check_of(building_id: UUID) -> NewJob:
    payload = {"building_id": str(building_id)}
    return new_job(all_kinds(), JobRequest(kind="building.check_health", payload=payload, submitted_by=BY))


def _report_of(sweep_id: UUID) -> NewJob:
    """It waits for the sweep, which lets it wait for each check as well. One, however often the sweep is tried."""
    request = JobRequest(
        kind="health.report",
        payload={"sweep_id": str(sweep_id)},
        after=(Predecessor(id=sweep_id, on_failure=OnFailure.RUN),),
        idempotency_key=f"health.report:{sweep_id}",
        submitted_by=BY,
    )
    return new_job(all_kinds(), request)
