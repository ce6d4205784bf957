"""Audit the ledger: every row of it, part by part."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from arxos.domain.audits.findings import AuditFinding, Place, Repair
from arxos.domain.audits.run_audit import Examined
from arxos.domain.errors import TransientError
from arxos.domain.jobs.inspection import NOTHING, LooseEdge, Stretch
from arxos.domain.jobs.ledger_damage import MENDABLE, Damage, Known, damage_of
from arxos.domain.ports import Ports, UnitOfWork

ROWS = 2_000  # looked at in one transaction
REPAIR = "ledger.repair"
PHASES = ("jobs", "attempts", "edges")


@dataclass(frozen=True, slots=True)
class LedgerAudit:
    """`queues`: those that some worker consumes; `lease_s`: after how long a silent worker's jobs are taken back."""

    ports: Ports
    queues: Collection[str]
    lease_s: float

    def examine(self, place: Place | None) -> Iterator[Examined]:
        """Jobs, then attempts, then edges, each from the place on."""
        phase, after = (str(place["phase"]), UUID(str(place["after"]))) if place else (PHASES[0], NOTHING)
        looks: dict[str, Callable[[UUID], Iterator[Examined]]] = {
            "jobs": self._jobs,
            "attempts": partial(self._stretches, "attempts", _loose_attempts),
            "edges": partial(self._stretches, "edges", _loose_edges),
        }
        for name in PHASES[PHASES.index(phase) :]:
            yield from looks[name](after if name == phase else NOTHING)

    def _jobs(self, after: UUID) -> Iterator[Examined]:
        known = Known(self.queues, self.lease_s, self._in_broker())
        with self.ports.unit_of_work() as uow:
            size = max(uow.inspection.size(), 1)
        done = 0
        while True:
            with self.ports.unit_of_work() as uow:
                rows = uow.inspection.rows(after, ROWS)
            if not rows:
                return
            after, done = rows[-1].id, done + len(rows)
            found = [_finding(damage, job.id, words) for job in rows for damage, words in damage_of(job, known)]
            yield Examined(len(rows), found, _place("jobs", after), min(0.8, 0.8 * done / size))

    def _stretches(
        self, phase: str, look: Callable[[UnitOfWork, UUID], tuple[Stretch, list[AuditFinding]]], after: UUID
    ) -> Iterator[Examined]:
        while True:
            with self.ports.unit_of_work() as uow:
                stretch, found = look(uow, after)
            if stretch.last is None:
                return
            after = stretch.last
            yield Examined(stretch.examined, found, _place(phase, after), 0.9)

    def _in_broker(self) -> Collection[UUID] | None:
        try:
            return self.ports.messages.named(self.queues)
        except TransientError:
            return None  # who cannot be asked proves nothing


def _loose_attempts(uow: UnitOfWork, after: UUID) -> tuple[Stretch, list[AuditFinding]]:
    stretch = uow.inspection.loose_attempts(after, ROWS)
    words = "does not exist, and history has attempts of it"
    return stretch, [_finding(Damage.ORPHAN_ATTEMPTS, job_id, words) for job_id in stretch.jobs]


def _loose_edges(uow: UnitOfWork, after: UUID) -> tuple[Stretch, list[AuditFinding]]:
    stretch = uow.inspection.loose_edges(after, ROWS)
    return stretch, [_loose_edge(edge) for edge in stretch.edges]


def _loose_edge(edge: LooseEdge) -> AuditFinding:
    state = f"is {edge.final}" if edge.final else "does not exist"
    damage = Damage.EDGE_OF_FINAL if edge.final else Damage.ORPHAN_EDGE
    return _finding(damage, edge.after_id, f"{state}, and job {edge.job_id} still waits for it")


def _finding(damage: Damage, job_id: UUID, words: str) -> AuditFinding:
    payload = {"job_id": str(job_id), "damage": damage.value}
    return AuditFinding(damage, f"job {job_id}", words, Repair(REPAIR, payload) if damage in MENDABLE else None)


def _place(phase: str, after: UUID) -> Place:
    return {"phase": phase, "after": str(after)}
