"""`audit.ledger`: is the ledger's account of its jobs whole?"""

from arxos.domain.access import Permission
from arxos.domain.audits.run_audit import run_audit
from arxos.domain.jobs.audit_ledger import LedgerAudit
from arxos.domain.jobs.limits import Allowance
from arxos.tasks.audit import AuditPayload, audited
from arxos.tasks.kind import Attempt, Done, job_kind
from arxos.tasks.queues import POOL_OF

LEASE_S = 10.0  # the default; a longer one is told of by the doctor


@job_kind(
    "audit.ledger",
    queue="maintenance",
    payload=AuditPayload,
    submit=Permission.ADMINISTER,
    allowed=Allowance(running=1),
    soft_limit_s=3600.0,
    hard_limit_s=3660.0,
)
def audit_ledger(payload: AuditPayload, attempt: Attempt) -> Done:
    """Examine every job, attempt and edge of the ledger. Reports, and changes nothing."""
    audit = LedgerAudit(attempt.ports, POOL_OF, LEASE_S)
    done = run_audit(attempt.ports.unit_of_work, attempt.job_id, "audit.ledger", audit.examine, attempt.progress)
    return Done(audited(attempt, done))
