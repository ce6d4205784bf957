"""What the doctor says: findings, and the checks that come to them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

F = TypeVar("F")


class Severity(StrEnum):
    """How bad it is, the worst last. SKIPPED: it could not be looked at, for a reason that is said."""

    OK = "ok"
    INFO = "info"
    SKIPPED = "skipped"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Remark:
    """What one check saw, and what to do about it; `subject`: of which queue, process or table it speaks."""

    severity: Severity
    seen: str
    advice: str = ""
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark under its check's stable id, such as ``redis.eviction``."""

    id: str
    severity: Severity
    seen: str
    advice: str = ""
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Check(Generic[F]):
    """One question, answered from facts alone. `up_to`: the worst that it ever says."""

    id: str
    up_to: Severity
    look: Callable[[F], Iterable[Remark]]

    def findings(self, facts: F) -> list[Finding]:
        """What it has to say of these facts: at least one finding."""
        return [Finding(self.id, one.severity, one.seen, one.advice, one.subject) for one in self.look(facts)]

    def skipped(self, reason: str) -> Finding:
        """It could not look."""
        return Finding(self.id, Severity.SKIPPED, reason)


@dataclass(frozen=True, slots=True)
class Part(Generic[F]):
    """Facts from one place and what is judged by them.

    `gather` raises ArxosError where they cannot be had. `blocks`: why what follows cannot be looked at; None: it can.
    """

    title: str
    gather: Callable[[], F]
    checks: Sequence[Check[F]]
    blocks: Callable[[F], str | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Section:
    """What was found in one part."""

    title: str
    findings: tuple[Finding, ...]


def ok(seen: str) -> list[Remark]:
    """All is well."""
    return [Remark(Severity.OK, seen)]


def info(seen: str, advice: str = "") -> list[Remark]:
    """Worth knowing."""
    return [Remark(Severity.INFO, seen, advice)]


def skipped(reason: str) -> list[Remark]:
    """It cannot be told."""
    return [Remark(Severity.SKIPPED, reason)]


def warning(seen: str, advice: str, subject: str | None = None) -> list[Remark]:
    """It bites some day, or already but not hard."""
    return [Remark(Severity.WARNING, seen, advice, subject)]


def error(seen: str, advice: str, subject: str | None = None) -> list[Remark]:
    """It bites now, or costs jobs when it does."""
    return [Remark(Severity.ERROR, seen, advice, subject)]


def worst(findings: Iterable[Finding]) -> Severity:
    """The worst of them. What was skipped is no judgement: it counts as fine."""
    order = list(Severity)
    judged = [one.severity for one in findings if one.severity is not Severity.SKIPPED]
    return max(judged, key=order.index, default=Severity.OK)
