"""What all audits have in common."""

from uuid import UUID

from arxos.domain.audits.findings import Audit
from arxos.domain.jobs.retry import RetryPolicy
from arxos.tasks.kind import Attempt, Payload, Result

# An attempt that reaches its limit is gone on with where it stopped: a large store takes many.
GOES_ON = RetryPolicy(max_attempts=100)


class AuditPayload(Payload):
    """No fields."""


class Audited(Result):
    """What an audit came to. Its findings: `arxos audits show ID`."""

    audit_id: UUID
    examined: int
    findings: int
    sorts: dict[str, int]


def audited(attempt: Attempt, audit: Audit) -> Audited:
    """The audit in numbers."""
    with attempt.ports.unit_of_work() as uow:
        sorts = uow.audits.sorts(audit.job_id)
    return Audited(audit_id=audit.job_id, examined=audit.examined, findings=audit.findings, sorts=dict(sorts))
