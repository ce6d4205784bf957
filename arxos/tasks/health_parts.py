"""`health.parts`: how the system's own parts are, and what it depends on."""

from arxos.domain.access import Permission
from arxos.domain.health.report import HealthStatus
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind


class LookAtParts(Payload):
    """No fields."""


class Parts(Result):
    """Every part by its status, and those whose status is another than before."""

    statuses: dict[str, HealthStatus]
    changed: list[str]


@job_kind(
    "health.parts",
    queue="health",
    payload=LookAtParts,
    submit=Permission.ADMINISTER,
    keep_days=2,
    soft_limit_s=60.0,
    hard_limit_s=90.0,
)
def look_at_parts(payload: LookAtParts, attempt: Attempt) -> Done:
    """Ask servers, services, certificates and disks how they are; `GET /health` tells of it."""
    found = attempt.ports.surroundings.look()
    with attempt.ports.unit_of_work() as uow:
        changed = uow.health.keep_parts(found)
        uow.commit()
    return Done(Parts(statuses={name: one.status for name, one in found.items()}, changed=list(changed)))
