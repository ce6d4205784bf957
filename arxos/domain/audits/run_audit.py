"""One audit, from its beginning or from where an earlier attempt stopped, to its end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from arxos.domain.audits.findings import Audit, AuditFinding, Place
from arxos.domain.ports import OpenUnitOfWork

KEPT_S = 90 * 86_400.0  # for how long audits can be read


@dataclass(frozen=True, slots=True)
class Examined:
    """One step of an audit: how many things were looked at, what is wrong with them, and where the next step begins."""

    count: int
    found: list[AuditFinding]
    place: Place
    done: float = 0.0  # of 1: how far the whole audit is then


Examine = Callable[[Place | None], Iterable[Examined]]


def run_audit(
    unit_of_work: OpenUnitOfWork, job_id: UUID, kind: str, examine: Examine, tell: Callable[[float, str], None]
) -> Audit:
    """Examine step by step; each step's findings are kept at once, with the place.

    Nothing that is examined is changed. An attempt that is interrupted is gone on with by the next one of the same job.
    """
    with unit_of_work() as uow:
        place = uow.audits.begin(job_id, kind)
        uow.audits.forget(KEPT_S)
        uow.commit()
    examined = found = 0
    for step in examine(place):
        examined, found = examined + step.count, found + len(step.found)
        tell(step.done, f"{examined} examined, {found} findings")
        with unit_of_work() as uow:
            uow.audits.note(job_id, step.found, examined=step.count, place=step.place)
            uow.commit()
    with unit_of_work() as uow:
        audit = uow.audits.finish(job_id)
        uow.commit()
    return audit
