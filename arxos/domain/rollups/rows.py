"""What is kept of a bucket, and where."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from arxos.domain.rollups.buckets import Grain
from arxos.domain.rollups.sketch import Sketch


@dataclass(slots=True)
class JobRollup:
    """What a kind did in a queue within a bucket, by outcome.

    `jobs`: that became final so (`succeeded`, `cancelled`, `dead`); `attempts`: that ended so (`succeeded`, `failed`,
    `cancelled`, `interrupted`, `lost`), `retries` of them no first ones. `waited`: of these jobs, from when they were
    due last until they were begun; `ran`: of these attempts.
    """

    bucket: datetime
    kind: str
    queue: str
    outcome: str
    jobs: int = 0
    attempts: int = 0
    retries: int = 0
    cpu_s: float = 0.0
    waited: Sketch = field(default_factory=Sketch)
    ran: Sketch = field(default_factory=Sketch)

    def add(self, other: "JobRollup") -> None:
        """Take another one's numbers in."""
        self.jobs += other.jobs
        self.attempts += other.attempts
        self.retries += other.retries
        self.cpu_s += other.cpu_s
        self.waited.merge(other.waited)
        self.ran.merge(other.ran)


@dataclass(slots=True)
class BuildingRollup:
    """The buildings of one tenant, as they were when the day was counted last. m², bytes.

    A building is its newest model's sender's; '' is nobody in particular.
    """

    tenant: str
    buildings: int = 0
    models: int = 0
    storage_bytes: int = 0
    space_area_m2: float = 0.0
    floors: int = 0
    spaces: int = 0
    elements: int = 0
    validated: int = 0
    valid: int = 0
    health: dict[str, int] = field(default_factory=dict)

    def add(self, other: "BuildingRollup") -> None:
        """Take another one's numbers in."""
        for name in self.__slots__:
            if name not in ("tenant", "health"):
                setattr(self, name, getattr(self, name) + getattr(other, name))
        for status, count in other.health.items():
            self.health[status] = self.health.get(status, 0) + count


@dataclass(frozen=True, slots=True)
class Requests:
    """The HTTP interface over a while.

    `minutes`: in which it was to be there; `bad_minutes`: those of them in which it was not, or failed.
    """

    requests: int
    errors: int
    minutes: int
    bad_minutes: int
    took: Sketch


@dataclass(frozen=True, slots=True)
class Recoveries:
    """Attempts that were lost, and how long it took until their jobs ran again. Seconds."""

    took_s: tuple[float, ...]


class Rollups(Protocol):
    """Rollups within one transaction."""

    def measure(self, since: datetime, until: datetime) -> list[JobRollup]:
        """Add up what ended within that time, from the ledger."""

    def keep(self, grain: Grain, rows: Sequence[JobRollup]) -> None:
        """Keep these, each in place of an earlier one that counted no more than it.

        One that counted more stays: what has left the ledger since was there.
        """

    def jobs(
        self, grain: Grain, since: datetime, until: datetime, *, kind: str | None = None, queue: str | None = None
    ) -> list[JobRollup]:
        """Rows whose buckets begin within that time, in order of bucket, kind, queue, outcome."""

    def rolled_until(self) -> datetime | None:
        """Up to when everything was added up; None: never."""

    def now(self) -> datetime:
        """The database's time."""

    def mark(self, until: datetime) -> None:
        """Everything up to then is added up; never put back."""

    def measure_buildings(self, after: UUID, limit: int) -> tuple[list[BuildingRollup], UUID | None]:
        """Add up the next buildings in order of their ids, by tenant; the last one's id, None: there were none."""

    def keep_buildings(self, day: date, rows: Sequence[BuildingRollup]) -> None:
        """The day's rows, in place of earlier ones."""

    def buildings(self, since: date, until: date) -> list[tuple[date, BuildingRollup]]:
        """Rows of these days, the first included, the last not; in order of day and tenant."""

    def requests(self, since: datetime, until: datetime) -> Requests:
        """The HTTP interface within that time."""

    def recoveries(self, since: datetime, until: datetime) -> Recoveries:
        """Of attempts that were lost within that time, from when that was noticed."""

    def forget(self, *, minutes_s: float, buckets_s: float, hours_s: float) -> int:
        """Take minutes, five-minute buckets and hours of longer ago away; how many rows. Days stay."""
