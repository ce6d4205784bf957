"""What must be true at the end: every accepted job in its one final state, its effect exactly once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any
from uuid import UUID

from arxos.domain.jobs.job import FINAL, JobState, NewJob
from benchmarks.chaos.recovery import Injected, Life
from tests.faults.system import System

JOBS = """
SELECT id, state, error_type, error_message, attempt, lost, extract(epoch FROM created_at)::float,
    extract(epoch FROM finished_at)::float
FROM jobs
"""
LOST = """
SELECT worker, extract(epoch FROM started_at)::float, extract(epoch FROM finished_at)::float, error_message
FROM attempts WHERE outcome = 'lost' ORDER BY finished_at
"""
EFFECTIVE = {"probe.effect", "strange.novel", "strange.grown"}  # kinds that write a row
BLAMED_WITHIN_S = 1.0  # what was just claimed when its worker was hit


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the ledger has it."""

    state: JobState
    error: str
    created: float
    finished: float


@dataclass
class Verdict:
    """The counts, and in words whatever is wrong."""

    accepted: int = 0
    finished: int = 0
    lost: int = 0
    duplicated: int = 0
    attempts_lost: int = 0
    attempts_given_back: int = 0
    findings: list[str] = field(default_factory=list)


def read_ledger(system: System) -> dict[UUID, Row]:
    """Every job there is."""
    rows = system.patient().sql(JOBS)
    return {
        job_id: Row(JobState(state), f"{error}: {message} (attempt {attempt}, lost {lost})", created, finished or inf)
        for job_id, state, error, message, attempt, lost, created, finished in rows
    }


def judge(system: System, accepted: Mapping[UUID, NewJob], ledger: Mapping[UUID, Row]) -> Verdict:
    """Count what is lost and what is double; name each."""
    effects = Counter[UUID](dict(system.patient().sql("SELECT job_id, count(*) FROM probe_effects GROUP BY job_id")))
    verdict = Verdict(accepted=len(accepted))
    for job_id, job in accepted.items():
        row = ledger.get(job_id)
        state = row.state if row else None
        due = int(job.kind in EFFECTIVE and state is JobState.SUCCEEDED)
        verdict.finished += state in FINAL
        if state is not JobState.SUCCEEDED or effects[job_id] < due:
            verdict.lost += 1
            verdict.findings.append(f"lost: {job_id} {job.kind} is {state}, {effects[job_id]} effects; {row}")
        if effects[job_id] > due:
            verdict.duplicated += effects[job_id] - due
            verdict.findings.append(f"duplicated: {job_id} has {effects[job_id]} effects")
    outcomes = dict(system.sql("SELECT outcome, count(*) FROM attempts GROUP BY outcome"))
    verdict.attempts_lost, verdict.attempts_given_back = outcomes.get("lost", 0), outcomes.get("interrupted", 0)
    return verdict


def strangers(ledger: Mapping[UUID, Row], known: set[UUID]) -> list[str]:
    """Jobs that nobody submitted."""
    return [f"nobody submitted {job_id}" for job_id in sorted(set(ledger) - known)]


def lives(accepted: Mapping[UUID, NewJob], ledger: Mapping[UUID, Row]) -> list[Life]:
    """The jobs whose time tells of recovery: those with nothing to wait for but their time."""
    found = []
    for job_id, job in accepted.items():
        if job.kind == "probe.effect" and not job.after and (row := ledger.get(job_id)):
            due = max(row.created, job.run_at.timestamp() if job.run_at else row.created)
            found.append(Life(job.queue, due, row.finished))
    return found


def blame(system: System, faults: Sequence[Injected]) -> tuple[Counter[int], list[str]]:
    """How many attempts each fault (by its place) cost; those that nothing explains, or only the order to end."""
    costs, unexplained = Counter[int](), []
    for worker, started, ended, reason in system.sql(LOST):
        culprit = guilty(worker, started, ended, faults)
        if culprit is None:
            unexplained.append(f"attempt lost for no reason: {worker} from {started:.1f} to {ended:.1f}: {reason}")
            continue
        costs[culprit] += 1
        if faults[culprit].kind == "workers rolled":
            unexplained.append(f"attempt burned by a shutdown: {worker}: {reason}")
    return costs, unexplained


def guilty(worker: str, started: float, ended: float, faults: Sequence[Injected]) -> int | None:
    """The last fault during the attempt that hit its worker; else one that hit servers; else an order to end."""
    pid = worker.split(":")[1]
    during = [n for n, fault in enumerate(faults) if fault.begin < ended and fault.end > started - BLAMED_WITHIN_S]

    def rank(number: int) -> tuple[int, float]:
        fault = faults[number]
        if fault.kind == "workers rolled":
            return 0, fault.begin
        return (2 if pid in fault.target.split() else 1), fault.begin

    def possible(number: int) -> bool:
        named = pid in faults[number].target.replace(",", "").split()
        return named or faults[number].kind.startswith(("redis", "postgres", "commits"))

    return max(filter(possible, during), key=rank, default=None)


def sample(things: Sequence[str], most: int = 20) -> list[Any]:
    """The first of many."""
    return [*things[:most], *([f"… and {len(things) - most} more"] if len(things) > most else [])]
