"""`audit.cache`: are readers given what would be computed now?"""

from random import Random

from arxos.domain.access import Permission
from arxos.domain.audits.run_audit import run_audit
from arxos.domain.buildings.audit_cache import CacheAudit
from arxos.domain.jobs.limits import Allowance
from arxos.tasks.audit import AuditPayload, audited
from arxos.tasks.kind import Attempt, Done, job_kind


@job_kind(
    "audit.cache", queue="maintenance", payload=AuditPayload, submit=Permission.ADMINISTER, allowed=Allowance(running=1)
)
def audit_cache(payload: AuditPayload, attempt: Attempt) -> Done:
    """Compare the cached answers of 50 buildings, drawn by chance, with ones computed anew. Changes nothing."""
    audit = CacheAudit(attempt.ports, Random(attempt.job_id.int))  # noqa: S311 - a sample, no secret
    done = run_audit(attempt.ports.unit_of_work, attempt.job_id, "audit.cache", audit.examine, attempt.progress)
    return Done(audited(attempt, done))
