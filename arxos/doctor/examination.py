"""Looks at everything at once, for a limited time: what hangs or fails becomes a finding and stops nothing else."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from arxos.doctor.finding import Finding, Part, Section, Severity
from arxos.domain.errors import ArxosError

T = TypeVar("T")

UNANSWERED, FAILED = "doctor.unanswered", "doctor.failed"
OWN_FINDINGS = {UNANSWERED: Severity.ERROR, FAILED: Severity.ERROR}  # of no check: the examination's own


@dataclass(frozen=True, slots=True)
class Line:
    """Parts that are looked at one after the other; `blocked`: why none of them can be; `leave`: when all were."""

    parts: Sequence[Part[Any]]
    blocked: str | None = None
    leave: Callable[[], None] = lambda: None


def examine(lines: Sequence[Line], within_s: float) -> list[Section]:
    """What is found on each line, in their order. All lines are looked at at once."""
    deadline = time.monotonic() + within_s
    walks = [Walk(line, within_s) for line in lines]
    for walk in walks:
        # Daemons: one that hangs does not keep the process from ending.
        threading.Thread(target=walk.go, name="doctor", daemon=True).start()
    for walk in walks:
        walk.ended.wait(max(0.0, deadline - time.monotonic()))
    return [section for walk in walks for section in walk.report()]


@dataclass(slots=True)
class Walk:
    """One line, walked along by a thread of its own."""

    line: Line
    within_s: float
    done: list[Section] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def go(self) -> None:
        """Look at one part after the other."""
        reason = self.line.blocked
        for part in self.line.parts:
            if reason is None:
                section, reason = _look_at(part)
            else:
                section = Section(part.title, _skipped(part, reason))
            self.done.append(section)
        self.line.leave()
        self.ended.set()

    def report(self) -> list[Section]:
        """What was found so far; of the rest, that there was no answer."""
        done = list(self.done)
        late = self.line.parts[len(done) :]
        for part in late:
            seen = f"{part.title.lower()}: no answer within {self.within_s:g} s"
            hangs = Finding(UNANSWERED, Severity.ERROR, seen, "find out what hangs there", part.title)
            done.append(Section(part.title, (*([hangs] if part is late[0] else []), *_skipped(part, "no answer"))))
        return done


def _look_at(part: Part[Any]) -> tuple[Section, str | None]:
    """What is found, and why what follows cannot be looked at."""
    facts = _attempted(part.gather, part.title)
    if isinstance(facts, Finding):
        return Section(part.title, (facts, *_skipped(part, "its facts are missing"))), None
    findings: list[Finding] = []
    for check in part.checks:
        found = _attempted(lambda: check.findings(facts), check.id)  # noqa: B023 - called at once
        findings += [found] if isinstance(found, Finding) else found
    return Section(part.title, tuple(findings)), part.blocks(facts)


def _attempted(act: Callable[[], T], what: str) -> T | Finding:
    try:
        return act()
    except ArxosError as error:
        return Finding(UNANSWERED, Severity.ERROR, str(error), "find out what holds it up, and ask again", what)
    except Exception as error:  # noqa: BLE001 - a check that fails unforeseen is a finding, and stops no other
        # Its words are not ours: they could hold an address with its password.
        return Finding(
            FAILED,
            Severity.ERROR,
            f"{type(error).__name__} {_place(error)}",
            "report it: a mistake of the doctor's",
            what,
        )


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


def _skipped(part: Part[Any], reason: str) -> tuple[Finding, ...]:
    return tuple(check.skipped(reason) for check in part.checks)
