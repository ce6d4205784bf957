"""What a rule is, how it is run and how rules are found. Formats declare their normative rules with the same words."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar

from arxos.domain.buildings.findings import Finding, RuleOutcome, Severity, ValidationReport, Verdict
from arxos.domain.errors import ArxosError

MAX_FINDINGS = 200  # stored per rule; the outcome counts them all
MAX_TEXT = 500  # a value shown in a finding: a hostile model may hold one of megabytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What a check has to say against one subject."""

    message: str
    global_id: str | None = None
    subject: str | None = None
    expected: str | None = None
    observed: str | None = None


Checks = Iterator[Fault | None]  # one item for each thing looked at, None where it is in order
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Rule(Generic[S]):
    """One requirement on a subject. A check that yields nothing at all found nothing that the rule is about."""

    id: str
    title: str
    severity: Severity
    check: Callable[[S], Checks]

    @property
    def doc(self) -> str:
        """What the rule asks, in a sentence or two."""
        return (self.check.__doc__ or self.title).strip()


def rule(rule_id: str, title: str, *, severity: Severity) -> Callable[[Callable[[S], Checks]], Rule[S]]:
    """Declare the decorated check as a rule."""
    return lambda check: Rule(rule_id, title, severity, check)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule says of one subject, and the findings that are kept of it."""

    outcome: RuleOutcome
    findings: tuple[Finding, ...] = ()


def judge_by(asked: Rule[S], subject: S) -> Judgement:
    """Run one rule. A check that crashes is inconclusive: whatever it had found until then stands."""
    findings: list[Finding] = []
    looked_at = faults = 0
    try:
        for fault in asked.check(subject):
            looked_at += 1
            if fault is not None:
                faults += 1
                if faults <= MAX_FINDINGS:
                    findings.append(_finding(asked, fault))
    except ArxosError:
        raise  # cancelled, out of time: about the work, not about the check
    except Exception as error:  # noqa: BLE001  a bug in one check must neither stop the others nor read as a pass
        crash = f"the check crashed: {type(error).__name__}: {str(error)[:MAX_TEXT]}"
        findings.append(Finding(asked.id, Severity.WARNING, crash))
        return Judgement(RuleOutcome(asked.id, asked.title, Verdict.INCONCLUSIVE, faults + 1), tuple(findings))
    return Judgement(RuleOutcome(asked.id, asked.title, _verdict(looked_at, faults), faults), tuple(findings))


def inconclusive(asked: Rule[Any], reason: str) -> Judgement:
    """The judgement where a check came to no end."""
    finding = Finding(asked.id, Severity.WARNING, f"the check came to no end: {reason}"[:MAX_TEXT])
    return Judgement(RuleOutcome(asked.id, asked.title, Verdict.INCONCLUSIVE, 1), (finding,))


# Checks with a list of faults to hand: `yield from faults or IN_ORDER`.
IN_ORDER: tuple[Fault | None, ...] = (None,)


def _verdict(looked_at: int, faults: int) -> Verdict:
    if faults:
        return Verdict.FAILED
    return Verdict.PASSED if looked_at else Verdict.NOT_APPLICABLE


def _finding(asked: Rule[Any], fault: Fault) -> Finding:
    return Finding(
        rule=asked.id,
        severity=asked.severity,
        message=fault.message[:MAX_TEXT],
        global_id=fault.global_id,
        subject=_short(fault.subject),
        expected=_short(fault.expected),
        observed=_short(fault.observed),
    )


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def rules_in(package: ModuleType) -> tuple[Rule[Any], ...]:
    """Every rule declared in the files of a package, by id: no list to edit."""
    modules = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    members = (member for found in modules for member in vars(importlib.import_module(found.name)).values())
    found_rules = {member.id: member for member in members if isinstance(member, Rule)}
    return tuple(found_rules[key] for key in sorted(found_rules))


def report_of(schema: str | None, judgements: Iterable[Judgement]) -> ValidationReport:
    """One report of many judgements, in their order."""
    judged = tuple(judgements)
    findings = tuple(finding for judgement in judged for finding in judgement.findings)
    return ValidationReport(schema, tuple(judgement.outcome for judgement in judged), findings)
