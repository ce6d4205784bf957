"""Have a finding repaired: the job that it names, ordered once."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from arxos.domain.audits.findings import Noted
from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.job import NewJob
from arxos.domain.ports import UnitOfWork

MakeJob = Callable[[str, Mapping[str, Any], str], NewJob]  # (kind, payload, idempotency key)


def order_repair(uow: UnitOfWork, audit_id: UUID, position: int, make: MakeJob) -> UUID:
    """Submit the repair of a finding; returns the job's id, the same however often it is ordered.

    Raises NotFoundError; ConflictError where the finding names no repair.
    """
    noted = next(iter(uow.audits.findings(audit_id, after=position - 1, limit=1)), None)
    if noted is None or noted.position != position:
        raise NotFoundError(f"no finding {position} of audit '{audit_id}'")
    return _order(uow, audit_id, noted, make)


def order_repairs(uow: UnitOfWork, audit_id: UUID, sort: str | None, make: MakeJob, *, limit: int = 1000) -> list[UUID]:
    """Submit the repairs of all findings (of a sort) that name one; at most `limit`, each different job once."""
    found = uow.audits.findings(audit_id, sort=sort, limit=limit)
    return list(dict.fromkeys(_order(uow, audit_id, one, make) for one in found if one.finding.repair))


def _order(uow: UnitOfWork, audit_id: UUID, noted: Noted, make: MakeJob) -> UUID:
    repair = noted.finding.repair
    if repair is None:
        raise ConflictError(f"finding {noted.position} of audit '{audit_id}' names no repair: a person must look")
    if noted.repair_job_id is not None:
        return noted.repair_job_id
    [job_id] = uow.jobs.insert([make(repair.kind, repair.payload, f"audit:{audit_id}:{noted.position}")])
    uow.audits.ordered(audit_id, noted.position, job_id)
    return job_id
