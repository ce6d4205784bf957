"""The platform's objectives, and how much of what may go wrong has gone wrong. Pure."""

from dataclasses import dataclass
from datetime import datetime

from arxos.domain.ports import UnitOfWork
from arxos.domain.rollups.rows import Recoveries, Requests

LATENCY_S, LATENCY_SHARE = 0.2, 0.95
ERROR_SHARE = 0.001
AVAILABLE_SHARE = 0.999
RECOVERY_S = 300.0
BAD_MINUTE = 0.05  # a minute in which more of the answers than this were errors was no good one


@dataclass(frozen=True, slots=True)
class Objective:
    """One target. `value`, `met` None: nothing happened that could be measured.

    The error budget: of `total` things a share `may` be bad, `spent` were.
    """

    name: str
    target: str
    unit: str
    value: float | None
    met: bool | None
    total: int
    may: float
    spent: int

    @property
    def allowed(self) -> float:
        """How many may be bad."""
        return self.total * self.may

    @property
    def burn(self) -> float | None:
        """Spent ÷ allowed: above 1 the budget is overdrawn. None: nothing may be bad, or nothing happened."""
        return self.spent / self.allowed if self.allowed else None


@dataclass(frozen=True, slots=True)
class SloReport:
    """All targets over a while."""

    since: datetime
    until: datetime
    objectives: tuple[Objective, ...]

    @property
    def met(self) -> bool:
        """Whether none is missed."""
        return all(one.met is not False for one in self.objectives)


def read_slo(uow: UnitOfWork, since: datetime, until: datetime) -> SloReport:
    """The objectives over that time."""
    return slo_report(since, until, uow.rollups.requests(since, until), uow.rollups.recoveries(since, until))


def slo_report(since: datetime, until: datetime, requests: Requests, recoveries: Recoveries) -> SloReport:
    """The objectives from what was measured."""
    return SloReport(since, until, (_latency(requests), _errors(requests), _available(requests), _recovery(recoveries)))


def _latency(found: Requests) -> Objective:
    p95 = found.took.quantile(LATENCY_SHARE)
    return Objective(
        name="latency",
        target="p95 < 200 ms",
        unit="ms",
        value=None if p95 is None else p95 * 1000,
        met=None if p95 is None else p95 < LATENCY_S,
        total=found.took.count,
        may=1 - LATENCY_SHARE,
        spent=found.took.above(LATENCY_S),
    )


def _errors(found: Requests) -> Objective:
    share = found.errors / found.requests if found.requests else None
    return Objective(
        name="errors",
        target="< 0.1 %",
        unit="%",
        value=None if share is None else share * 100,
        met=None if share is None else share < ERROR_SHARE,
        total=found.requests,
        may=ERROR_SHARE,
        spent=found.errors,
    )


def _available(found: Requests) -> Objective:
    share = 1 - found.bad_minutes / found.minutes if found.minutes else None
    return Objective(
        name="availability",
        target="≥ 99.9 %",
        unit="%",
        value=None if share is None else share * 100,
        met=None if share is None else share >= AVAILABLE_SHARE,
        total=found.minutes,
        may=1 - AVAILABLE_SHARE,
        spent=found.bad_minutes,
    )


def _recovery(found: Recoveries) -> Objective:
    slowest = max(found.took_s, default=None)
    return Objective(
        name="recovery",
        target="each < 5 min",
        unit="s",
        value=slowest,
        met=None if slowest is None else slowest < RECOVERY_S,
        total=len(found.took_s),
        may=0.0,
        spent=sum(one >= RECOVERY_S for one in found.took_s),
    )
