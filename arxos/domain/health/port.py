"""Where health is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from arxos.domain.health.parts import Component, ComponentReport
from arxos.domain.health.report import BuildingFacts, HealthChange, HealthReport, HealthStatus, Reason, Sweep


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report. `was` None: it is the building's first."""

    was: HealthStatus | None
    changed: bool


class Health(Protocol):
    """Reports on buildings and parts within one transaction. Times are the database's own."""

    def due(self, *, after: UUID, older_than_s: float, limit: int) -> tuple[UUID, ...]:
        """The next buildings whose check is due, in order of their ids; archived ones never are.

        Due: never checked, not for so long, or changed since: itself, its newest model, the report on that.
        """

    def facts(self, building_id: UUID) -> BuildingFacts:
        """What is stored about the building. Raises NotFoundError."""

    def record(self, facts: BuildingFacts, reasons: Sequence[Reason]) -> Recorded:
        """Keep a report in place of an earlier one, and remember it where the status is another.

        One on newer facts stays; a building that was removed meanwhile keeps none.
        """

    def report(self, building_id: UUID) -> HealthReport | None:
        """The latest report on the building, None: nobody looked yet."""

    def changes(self, building_id: UUID, limit: int = 20) -> tuple[HealthChange, ...]:
        """The changes of its status, the newest first."""

    def listed(
        self, status: HealthStatus | None = None, *, after: UUID | None = None, limit: int = 50
    ) -> tuple[HealthReport, ...]:
        """Reports in order of the buildings' ids, those after this one."""

    def counts(self) -> Mapping[HealthStatus, int]:
        """Buildings by status."""

    def begin_sweep(self, job_id: UUID) -> Sweep:
        """Record that it begins; or the one that an earlier attempt of the same job began."""

    def under_way(self, job_id: UUID, within_s: float) -> UUID | None:
        """Another sweep that began within so many seconds and has not ended."""

    def go_on(self, sweep: Sweep, place: UUID, ordered: int) -> Sweep:
        """Record that so many checks more were ordered, up to this building.

        Raises ConflictError where another attempt has done so: what this one inserted must not be committed.
        """

    def finish_sweep(self, job_id: UUID, report_id: UUID) -> Sweep:
        """Count what the checks came to that the job `report_id` waited for. Raises NotFoundError."""

    def sweeps(self, limit: int = 20) -> tuple[Sweep, ...]:
        """The latest sweeps, the newest first."""

    def keep_parts(self, found: Mapping[str, Component]) -> tuple[str, ...]:
        """Keep how these parts are, forget others; returns those whose status is another than before."""

    def parts(self) -> tuple[ComponentReport, ...]:
        """The parts by name, as they were last looked at."""

    def forget(self, older_than_s: float) -> int:
        """Take changes and sweeps of longer ago away; how many."""
