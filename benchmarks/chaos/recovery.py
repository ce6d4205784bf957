"""How long the system took to recover from each fault. Pure; all times are seconds of one clock."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Injected:
    """One fault that happened: from when to when, and whom it hit."""

    kind: str
    target: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Life:
    """One job that was to run at once when it was `due`. `finished` is infinite where it never was."""

    queue: str
    due: float
    finished: float


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the end of a fault until a job submitted then was finished, in every queue; until the last job
    that was open when the fault began was final. `moved`: another fault came in between, and it was counted from that
    one's end. `raw`: the longer of both without regard to others.
    """

    submitted_then: float
    open_then: float
    moved: bool
    raw: float


def recovery(fault: Injected, faults: Sequence[Injected], lives: Sequence[Life]) -> Recovery:
    """What is said above. `lives` in any order."""
    last = max((life.finished for life in lives if life.due <= fault.begin < life.finished), default=fault.end)
    then, moved_then = _undisturbed(fault, faults, lambda since: _works(lives, since))
    open_, moved_open = _undisturbed(fault, faults, lambda _: last)
    raw = max(0.0, last - fault.end, _works(lives, fault.end) - fault.end)
    return Recovery(then, open_, moved_then or moved_open, raw)


def _works(lives: Sequence[Life], since: float) -> float:
    """When, in each queue, the first job submitted after `since` was finished. None: nothing to wait for."""
    first: dict[str, Life] = {}
    for life in lives:
        if life.due >= since and (life.queue not in first or life.due < first[life.queue].due):
            first[life.queue] = life
    return max((life.finished for life in first.values()), default=since)


def _undisturbed(fault: Injected, faults: Sequence[Injected], done_by: Callable[[float], float]) -> tuple[float, bool]:
    """Seconds from the fault's end until it is done, and whether they were counted from a later fault's end.

    A fault that interferes before it is done starts the clock anew: two deaths in a row are no slow recovery. What is
    really stuck shows in the calm times, which are longer than a recovery may be.
    """
    since = fault.end
    while True:
        done = done_by(since)
        later = max((other.end for other in faults if other.begin < done and other.end > since), default=since)
        if later <= since or done <= since:
            return max(0.0, done - since), since > fault.end
        since = later


def rounded(seconds: float) -> float | None:
    """For a report: JSON knows no infinity."""
    return round(seconds, 1) if math.isfinite(seconds) else None
