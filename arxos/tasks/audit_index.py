"""`audit.index`: is every building's spatial index whole and of its newest model?"""

from arxos.domain.access import Permission
from arxos.domain.audits.run_audit import run_audit
from arxos.domain.buildings.audit_index import IndexAudit
from arxos.domain.jobs.limits import Allowance
from arxos.tasks.audit import GOES_ON, AuditPayload, audited
from arxos.tasks.kind import Attempt, Done, job_kind


@job_kind(
    "audit.index",
    queue="maintenance",
    payload=AuditPayload,
    submit=Permission.ADMINISTER,
    allowed=Allowance(running=1),
    policy=GOES_ON,
    soft_limit_s=3600.0,
    hard_limit_s=3660.0,
)
def audit_index(payload: AuditPayload, attempt: Attempt) -> Done:
    """Compare every building's spatial index with its model. Reports, and changes nothing."""
    audit = IndexAudit(attempt.ports)
    done = run_audit(attempt.ports.unit_of_work, attempt.job_id, "audit.index", audit.examine, attempt.progress)
    return Done(audited(attempt, done))
