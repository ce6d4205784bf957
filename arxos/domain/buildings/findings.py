"""What checks remark about a model, and the report of them."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is. Only an error makes a model invalid."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Verdict(StrEnum):
    """What one rule says of one model."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"
    INCONCLUSIVE = "inconclusive"  # the check itself crashed or was cut short: never a pass


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark: rule, severity, subject, message, and what was expected and seen there."""

    rule: str
    severity: Severity
    message: str
    global_id: str | None = None
    subject: str | None = None  # for people: "IfcWall 'W-01'", "line 12", "IfcProject.Name"
    expected: str | None = None
    observed: str | None = None


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule's verdict on a model; `findings` counts all of them, also those beyond the cap."""

    id: str
    title: str
    verdict: Verdict
    findings: int = 0


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """All that the checks said of one model."""

    schema: str | None
    rules: tuple[RuleOutcome, ...]
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """No finding is an error and no rule is inconclusive."""
        return not any(f.severity is Severity.ERROR for f in self.findings) and not any(
            rule.verdict is Verdict.INCONCLUSIVE for rule in self.rules
        )

    def counts(self) -> dict[str, int]:
        """Findings by severity, every severity named."""
        seen = Counter(finding.severity for finding in self.findings)
        return {severity.value: seen[severity] for severity in Severity}
