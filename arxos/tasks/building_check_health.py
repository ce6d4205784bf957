"""`building.check_health`: how one building is."""

from uuid import UUID

from arxos.domain.access import Permission
from arxos.domain.errors import NotFoundError
from arxos.domain.health.check_building import examine, record
from arxos.domain.health.report import Ailment, HealthStatus, worst
from arxos.domain.ports import UnitOfWork
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind

MANY = 200  # in one message


class CheckHealth(Payload):
    """Which building."""

    building_id: UUID


class Checked(Result):
    """How it is. `status` None: it was removed meanwhile."""

    status: HealthStatus | None
    reasons: tuple[Ailment, ...] = ()


@job_kind(
    "building.check_health",
    queue="health",
    payload=CheckHealth,
    submit=Permission.SUBMIT,
    batch=MANY,
    keep_days=2,
    soft_limit_s=60.0,
)
def check_health(payload: CheckHealth, attempt: Attempt) -> Done:
    """Look whether a building's model, report, index and cache are there and of its newest revision.

    Changes nothing but the report; a repeated attempt looks again.
    """
    try:
        facts, reasons = examine(attempt.ports, payload.building_id)
    except NotFoundError:
        return Done(Checked(status=None))

    def keep(uow: UnitOfWork) -> None:
        record(uow, facts, reasons)

    return Done(Checked(status=worst(one.status for one in reasons), reasons=tuple(one.code for one in reasons)), keep)
