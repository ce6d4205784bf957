"""Audits in memory, and looking for damage in a ledger in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from arxos.domain.audits.findings import Audit, AuditFinding, Noted, Place, by_sort
from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.inspection import LooseEdge, Stretch
from arxos.domain.jobs.job import FINAL, Job
from arxos.domain.jobs.ledger_damage import MENDABLE, Damage, JobFacts
from tests.fakes_tables import Tables


class FakeAudits:
    """See `Audits`."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def begin(self, job_id: UUID, kind: str) -> Place | None:
        self._tables.audits.setdefault(job_id, Audit(job_id, kind, self._now(), None, 0, 0))
        return self._tables.places.get(job_id)

    def note(self, job_id: UUID, found: Sequence[AuditFinding], *, examined: int, place: Place | None = None) -> None:
        before = len(self._tables.noted)
        for one in found:
            if (key := (job_id, str(one.sort), one.subject)) not in self._tables.noted:
                self._tables.noted[key] = Noted(len(self._tables.noted) + 1, replace(one, sort=str(one.sort)))
        audit = self.get(job_id)
        more = len(self._tables.noted) - before
        counted = replace(audit, examined=audit.examined + examined, findings=audit.findings + more)
        self._tables.audits[job_id] = counted
        if place is not None:
            self._tables.places[job_id] = place

    def finish(self, job_id: UUID) -> Audit:
        self._tables.places.pop(job_id, None)
        self._tables.audits[job_id] = replace(self.get(job_id), finished_at=self._now())
        return self._tables.audits[job_id]

    def latest(self, kind: str | None = None, limit: int = 20) -> list[Audit]:
        newest = sorted(self._tables.audits.values(), key=lambda audit: audit.started_at, reverse=True)
        return [audit for audit in newest if kind in (None, audit.kind)][:limit]

    def get(self, job_id: UUID) -> Audit:
        try:
            return self._tables.audits[job_id]
        except KeyError:
            raise NotFoundError(f"no audit '{job_id}'") from None

    def findings(self, job_id: UUID, *, sort: str | None = None, after: int = 0, limit: int = 50) -> list[Noted]:
        own = [noted for (audit, _, _), noted in self._tables.noted.items() if audit == job_id]
        return [one for one in own if one.position > after and sort in (None, one.finding.sort)][:limit]

    def sorts(self, job_id: UUID) -> Mapping[str, int]:
        return by_sort(noted.finding for noted in self.findings(job_id, limit=10**9))

    def ordered(self, job_id: UUID, position: int, repair_job_id: UUID) -> None:
        for key, noted in self._tables.noted.items():
            if key[0] == job_id and noted.position == position:
                self._tables.noted[key] = replace(noted, repair_job_id=repair_job_id)

    def forget(self, older_than_s: float) -> int:
        since = self._now() - timedelta(seconds=older_than_s)
        old = {audit.job_id for audit in self._tables.audits.values() if audit.started_at < since}
        self._tables.audits = {key: one for key, one in self._tables.audits.items() if key not in old}
        self._tables.noted = {key: one for key, one in self._tables.noted.items() if key[0] not in old}
        return len(old)


class FakeInspection:
    """See `LedgerInspection`. A ledger in memory is damaged by nobody: there is nothing to mend."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def rows(self, after: UUID, limit: int) -> list[JobFacts]:
        ids = sorted(job_id for job_id in self._tables.rows if job_id > after)[:limit]
        return [self._facts(self._tables.rows[job_id].job) for job_id in ids]

    def loose_attempts(self, after: UUID, limit: int) -> Stretch:
        jobs = sorted(job_id for job_id, row in self._tables.rows.items() if job_id > after and row.job.attempts)
        return Stretch(len(jobs[:limit]), jobs[:limit][-1] if jobs else None)

    def loose_edges(self, after: UUID, limit: int) -> Stretch:
        before = sorted({edge[0] for edge in self._tables.edges if edge[0] > after})[:limit]
        open_ = [edge for edge, released in sorted(self._tables.edges.items()) if edge[0] in before and not released]
        states = {job_id: self._tables.rows[job_id].job.state for job_id in before if job_id in self._tables.rows}
        loose = [LooseEdge(*edge, states.get(edge[0])) for edge in open_ if states.get(edge[0]) in {None, *FINAL}]
        return Stretch(len(before), before[-1] if before else None, edges=loose)

    def size(self) -> int:
        return len(self._tables.rows)

    def mend(self, job_id: UUID, damage: Damage) -> bool:
        if damage not in MENDABLE:
            raise ConflictError(f"job '{job_id}': {damage} is nothing that can be mended without looking")
        return False

    def _facts(self, job: Job) -> JobFacts:
        beat = self._tables.heartbeats.get(job.worker or "")
        return JobFacts(
            id=job.id,
            kind=job.kind,
            queue=job.queue,
            state=job.state,
            attempt=job.attempt,
            max_attempts=job.max_attempts,
            waiting_for=job.waiting_for,
            open_edges=sum(edge[1] == job.id and not free for edge, free in self._tables.edges.items()),
            last_recorded=max((one.attempt for one in job.attempts), default=0),
            has_end=job.finished_at is not None,
            worker=job.worker,
            worker_silent_s=self._ago(beat[1]) if beat else None,
            started_s=self._ago(job.started_at),
            published_s=self._ago(job.published_at),
            overdue_s=self._ago(job.deadline),
            cancel_asked=job.cancel_requested_by is not None,
        )

    def _ago(self, at: datetime | None) -> float | None:
        return None if at is None else (self._now() - at).total_seconds()
