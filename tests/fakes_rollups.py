"""Rollups in memory, added up value by value. The HTTP interface of this memory is never asked anything."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from arxos.domain.jobs.job import FINAL, Job
from arxos.domain.rollups.buckets import Grain
from arxos.domain.rollups.rows import BuildingRollup, JobRollup, Recoveries, Requests
from arxos.domain.rollups.sketch import Sketch
from tests.fakes_buildings import InMemoryBuildings
from tests.fakes_tables import Tables


class FakeRollups:
    """See `Rollups`."""

    def __init__(self, tables: Tables, buildings: InMemoryBuildings, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._buildings = buildings
        self.now = now

    def measure(self, since: datetime, until: datetime) -> list[JobRollup]:
        found: dict[tuple[str, str, str], JobRollup] = {}
        for job in [row.job for row in self._tables.rows.values()]:
            for one in _parts(job, since, until):
                key = one.kind, one.queue, one.outcome
                found.setdefault(key, JobRollup(since, *key)).add(one)
        return [found[key] for key in sorted(found)]

    def keep(self, grain: Grain, rows: Sequence[JobRollup]) -> None:
        for row in rows:
            key = grain, row.bucket, row.kind, row.queue, row.outcome
            old = self._tables.rollups.get(key)
            if old is None or old.jobs + old.attempts <= row.jobs + row.attempts:
                self._tables.rollups[key] = row

    def jobs(
        self, grain: Grain, since: datetime, until: datetime, *, kind: str | None = None, queue: str | None = None
    ) -> list[JobRollup]:
        rows = [self._tables.rollups[key] for key in sorted(self._tables.rollups) if key[0] == grain]
        within = [row for row in rows if since <= row.bucket < until]
        return [row for row in within if kind in (None, row.kind) and queue in (None, row.queue)]

    def rolled_until(self) -> datetime | None:
        return max(self._tables.marks, default=None)

    def mark(self, until: datetime) -> None:
        self._tables.marks.append(until)

    def measure_buildings(self, after: UUID, limit: int) -> tuple[list[BuildingRollup], UUID | None]:
        ids = self._buildings.ids(after=after, limit=limit)
        found: dict[str, BuildingRollup] = {}
        for one in map(self._building, ids):
            found.setdefault(one.tenant, BuildingRollup(one.tenant)).add(one)
        return list(found.values()), ids[-1] if ids else None

    def _building(self, building_id: UUID) -> BuildingRollup:
        models, counts = self._buildings.models(building_id, limit=10**9), self._buildings.counts(building_id)
        report = self._buildings.report(models[0].id) if models else None
        health = self._tables.health.get(building_id)
        return BuildingRollup(
            tenant=(models[0].submitted_by if models else None) or "",
            buildings=1,
            models=len(models),
            storage_bytes=sum({model.sha256: model.size_bytes for model in models}.values()),
            space_area_m2=sum(space.area_m2 or 0.0 for space in self._buildings.spaces(building_id)),
            floors=counts.floors,
            spaces=counts.spaces,
            elements=counts.elements,
            validated=int(report is not None),
            valid=int(report is not None and report.valid),
            health=dict(
                Counter({"healthy": 0, "degraded": 0, "unhealthy": 0} | ({health.status: 1} if health else {}))
            ),
        )

    def keep_buildings(self, day: date, rows: Sequence[BuildingRollup]) -> None:
        others = {key: row for key, row in self._tables.building_rollups.items() if key[0] != day}
        self._tables.building_rollups = others | {(day, row.tenant): row for row in rows}

    def buildings(self, since: date, until: date) -> list[tuple[date, BuildingRollup]]:
        keys = [key for key in sorted(self._tables.building_rollups) if since <= key[0] < until]
        return [(key[0], self._tables.building_rollups[key]) for key in keys]

    def requests(self, since: datetime, until: datetime) -> Requests:  # noqa: ARG002 - there were none
        return Requests(0, 0, 0, 0, Sketch())

    def recoveries(self, since: datetime, until: datetime) -> Recoveries:
        return Recoveries(tuple(self._recovered(since, until)))

    def _recovered(self, since: datetime, until: datetime) -> Iterator[float]:
        for job in [row.job for row in self._tables.rows.values()]:
            for lost in job.attempts:
                if lost.outcome != "lost" or not since <= lost.finished_at < until:
                    continue
                later = [one.started_at for one in job.attempts if one.attempt > lost.attempt]
                later += [job.started_at] if job.attempt > lost.attempt and job.started_at else []
                if later or job.finished_at is None:
                    yield (min(later, default=self.now()) - lost.finished_at).total_seconds()

    def forget(self, *, minutes_s: float, buckets_s: float, hours_s: float) -> int:  # noqa: ARG002 - no minutes
        kept = {Grain.FIVE_MINUTES: buckets_s, Grain.HOUR: hours_s, Grain.DAY: float("inf")}
        before = len(self._tables.rollups)
        self._tables.rollups = {
            key: row
            for key, row in self._tables.rollups.items()
            if (self.now() - row.bucket).total_seconds() <= kept[key[0]]
        }
        return before - len(self._tables.rollups)


def _parts(job: Job, since: datetime, until: datetime) -> Iterator[JobRollup]:
    """What of the job ended within that time, each as a row of its own."""
    if job.state in FINAL and job.finished_at and since <= job.finished_at < until:
        over = JobRollup(since, job.kind, job.queue, job.state.value, jobs=1)
        if job.started_at:
            over.waited.add((job.started_at - job.available_at).total_seconds())
        yield over
    for attempt in job.attempts:
        if since <= attempt.finished_at < until:
            ended = JobRollup(since, job.kind, job.queue, str(attempt.outcome), attempts=1)
            ended.retries = int(attempt.attempt > 1)
            ended.cpu_s = attempt.cpu_s or 0.0
            ended.ran.add((attempt.finished_at - attempt.started_at).total_seconds())
            yield ended
