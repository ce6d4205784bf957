"""Health in memory, and surroundings that are as a test says."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.rules import RULES_VERSION
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.health.parts import Component, ComponentReport
from arxos.domain.health.port import Recorded
from arxos.domain.health.report import BuildingFacts, HealthChange, HealthReport, HealthStatus, Reason, Sweep, worst
from arxos.domain.jobs.job import FINAL, JobState
from tests.fakes_buildings import InMemoryBuildings
from tests.fakes_tables import Tables

CHECK = "building.check_health"


class FakeHealth:
    """See `Health`. Of buildings in memory only the building's own time tells that it changed."""

    def __init__(self, tables: Tables, buildings: InMemoryBuildings, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._buildings = buildings
        self._now = now

    def due(self, *, after: UUID, older_than_s: float, limit: int) -> tuple[UUID, ...]:
        ids = self._buildings.ids(after=after, limit=10**9)
        return tuple([one for one in ids if self._is_due(one, older_than_s)][:limit])

    def _is_due(self, building_id: UUID, older_than_s: float) -> bool:
        if self._buildings.get(building_id).status is BuildingStatus.ARCHIVED:
            return False
        report = self._tables.health.get(building_id)
        return report is None or (self._now() - report.checked_at).total_seconds() > older_than_s

    def facts(self, building_id: UUID) -> BuildingFacts:
        building, counts = self._buildings.get(building_id), self._buildings.counts(building_id)
        model, index = self._buildings.latest_model(building_id), self._buildings.index(building_id)
        report = self._buildings.report(model.id) if model else None
        states = [row.job.state for row in self._tables.rows.values() if _is_about(row.job, building_id)]
        findings = report.findings if report else ()
        return BuildingFacts(
            building_id=building_id,
            read_at=self._now(),
            last_activity=building.updated_at or self._now(),
            model_id=model.id if model else None,
            revision=model.revision if model else None,
            sha256=model.sha256 if model else None,
            age_s=0.0 if model else None,
            valid=report.valid if report else None,
            readable=report.schema is not None if report else None,
            rules=RULES_VERSION if report else None,
            errors=sum(one.severity is Severity.ERROR for one in findings),
            indexed_id=index.model.id if index else None,
            indexed_revision=index.model.revision if index else None,
            shapes=counts.elements + counts.spaces,
            shapes_failed=sum(counts.by_state.get(state, 0) for state in ("failed", "timed_out")),
            going=sum(state not in FINAL for state in states),
            dead=states.count(JobState.DEAD),
        )

    def record(self, facts: BuildingFacts, reasons: Sequence[Reason]) -> Recorded:
        before, status = self._tables.health.get(facts.building_id), worst(one.status for one in reasons)
        was = before.status if before else None
        if facts.building_id not in self._buildings.ids(after=UUID(int=0), limit=10**9):
            return Recorded(was, changed=False)
        if before and before.checked_at > facts.read_at:
            return Recorded(was, changed=False)
        since = before.changed_at if before and was is status else facts.read_at
        self._tables.health[facts.building_id] = HealthReport(
            facts.building_id, status, tuple(reasons), facts.last_activity, facts.read_at, since
        )
        if was is not status:
            change = HealthChange(facts.read_at, was, status, tuple(reasons))
            self._tables.health_changes.append((facts.building_id, change))
        return Recorded(was, was is not status)

    def report(self, building_id: UUID) -> HealthReport | None:
        return self._tables.health.get(building_id)

    def changes(self, building_id: UUID, limit: int = 20) -> tuple[HealthChange, ...]:
        own = [change for one, change in self._tables.health_changes if one == building_id]
        return tuple(reversed(own))[:limit]

    def listed(
        self, status: HealthStatus | None = None, *, after: UUID | None = None, limit: int = 50
    ) -> tuple[HealthReport, ...]:
        ids = [one for one in sorted(self._tables.health) if after is None or one > after]
        reports = [self._tables.health[one] for one in ids]
        return tuple([one for one in reports if status in (None, one.status)][:limit])

    def counts(self) -> Mapping[HealthStatus, int]:
        found = Counter(report.status for report in self._tables.health.values())
        return {status: found[status] for status in HealthStatus}

    def begin_sweep(self, job_id: UUID) -> Sweep:
        known = self._tables.sweeps.get(job_id) or Sweep(job_id, self._now(), None, 0, {})
        self._tables.sweeps[job_id] = replace(known, finished_at=None)
        return self._tables.sweeps[job_id]

    def under_way(self, job_id: UUID, within_s: float) -> UUID | None:
        since = self._now() - timedelta(seconds=within_s)
        open_ = (one for one in self._tables.sweeps.values() if one.finished_at is None and one.started_at > since)
        return next((one.job_id for one in open_ if one.job_id != job_id), None)

    def go_on(self, sweep: Sweep, place: UUID, ordered: int) -> Sweep:
        known = self._tables.sweeps[sweep.job_id]
        if known.place != sweep.place:
            raise ConflictError(f"another attempt goes on with the sweep '{sweep.job_id}'")
        self._tables.sweeps[sweep.job_id] = replace(known, place=place, due=known.due + ordered)
        return self._tables.sweeps[sweep.job_id]

    def finish_sweep(self, job_id: UUID, report_id: UUID) -> Sweep:
        sweep = self._tables.sweeps.get(job_id)
        if sweep is None:
            raise NotFoundError(f"no sweep '{job_id}'")
        before = [self._tables.rows[one].job for one, later in self._tables.edges if later == report_id]
        counts = Counter(
            str((job.result or {}).get("status") or "removed") if job.state is JobState.SUCCEEDED else "failed"
            for job in before
            if job.kind == CHECK
        )
        changed = sum(change.at >= sweep.started_at for _, change in self._tables.health_changes)
        self._tables.sweeps[job_id] = replace(sweep, finished_at=self._now(), counts={**counts, "changed": changed})
        return self._tables.sweeps[job_id]

    def sweeps(self, limit: int = 20) -> tuple[Sweep, ...]:
        return tuple(sorted(self._tables.sweeps.values(), key=lambda one: one.started_at, reverse=True)[:limit])

    def keep_parts(self, found: Mapping[str, Component]) -> tuple[str, ...]:
        now, before = self._now(), self._tables.parts
        same = {name for name, one in found.items() if name in before and before[name].component.status is one.status}
        self._tables.parts = {
            name: ComponentReport(name, one, now, before[name].changed_at if name in same else now)
            for name, one in found.items()
        }
        return tuple(sorted(found.keys() - same))

    def parts(self) -> tuple[ComponentReport, ...]:
        return tuple(self._tables.parts[name] for name in sorted(self._tables.parts))

    def forget(self, older_than_s: float) -> int:
        since = self._now() - timedelta(seconds=older_than_s)
        before = len(self._tables.health_changes) + len(self._tables.sweeps)
        self._tables.health_changes = [one for one in self._tables.health_changes if one[1].at >= since]
        self._tables.sweeps = {key: one for key, one in self._tables.sweeps.items() if one.started_at >= since}
        return before - len(self._tables.health_changes) - len(self._tables.sweeps)


class FakeSurroundings:
    """See `Surroundings`."""

    def __init__(self) -> None:
        self.parts: dict[str, Component] = {"postgres": Component(HealthStatus.HEALTHY)}

    def look(self) -> Mapping[str, Component]:
        return self.parts


def _is_about(job: object, building_id: UUID) -> bool:
    return getattr(job, "building_id", None) == building_id and getattr(job, "kind", None) != CHECK
