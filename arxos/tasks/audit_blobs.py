"""`audit.blobs`: is everything there that models name?"""

from arxos.domain.access import Permission
from arxos.domain.audits.run_audit import run_audit
from arxos.domain.buildings.audit_blobs import BlobAudit
from arxos.domain.jobs.limits import Allowance
from arxos.tasks.audit import GOES_ON, AuditPayload, audited
from arxos.tasks.kind import Attempt, Done, job_kind


@job_kind(
    "audit.blobs",
    queue="maintenance",
    payload=AuditPayload,
    submit=Permission.ADMINISTER,
    allowed=Allowance(running=1),
    policy=GOES_ON,
    soft_limit_s=3600.0,
    hard_limit_s=3660.0,
)
def audit_blobs(payload: AuditPayload, attempt: Attempt) -> Done:
    """Read every model's bytes and compare them with their names; tell of bytes that nobody names. Changes nothing."""
    audit = BlobAudit(attempt.ports)
    done = run_audit(attempt.ports.unit_of_work, attempt.job_id, "audit.blobs", audit.examine, attempt.progress)
    return Done(audited(attempt, done))
