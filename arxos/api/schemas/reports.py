"""What was added up, and the objectives held against it."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from arxos.domain.rollups.buckets import Grain
from arxos.domain.rollups.rows import BuildingRollup, JobRollup
from arxos.domain.rollups.sketch import Sketch
from arxos.domain.rollups.slo import Objective, SloReport

_SECONDS = "seconds, within 1 %; null: there were none"


class ObjectiveView(BaseModel):
    """One target, and how much of what may go wrong has gone wrong."""

    name: str = Field(description="`latency`, `errors`, `availability` or `recovery`", examples=["errors"])
    target: str = Field(description="what is aimed at", examples=["< 0.1 %"])
    value: float | None = Field(description="what was measured; null: nothing could be", examples=[0.02])
    unit: str = Field(description="of `value`", examples=["%"])
    met: bool | None = Field(description="whether the target is met; null: nothing could be measured")
    total: int = Field(description="requests, minutes or losses that were looked at", examples=[120000])
    allowed: float = Field(description="how many of them may be bad: the error budget", examples=[120.0])
    spent: int = Field(description="how many were bad", examples=[24])
    burn: float | None = Field(description="spent ÷ allowed; null: none may be bad", examples=[0.2])

    @classmethod
    def of(cls, one: Objective) -> Self:
        """The objective as callers see it."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class SloView(BaseModel):
    """The platform's objectives over a while."""

    since: datetime = Field(description="from when on", examples=["2026-10-26T08:00:00Z"])
    until: datetime = Field(description="until when", examples=["2026-11-25T08:00:00Z"])
    met: bool = Field(description="whether none is missed")
    objectives: list[ObjectiveView] = Field(description="each with its error budget")

    @classmethod
    def of(cls, report: SloReport) -> Self:
        """The report as callers see it."""
        objectives = [ObjectiveView.of(one) for one in report.objectives]
        return cls(since=report.since, until=report.until, met=report.met, objectives=objectives)


class PercentilesView(BaseModel):
    """Durations."""

    p50: float | None = Field(description=_SECONDS, examples=[0.4])
    p95: float | None = Field(description=_SECONDS, examples=[2.1])
    p99: float | None = Field(description=_SECONDS, examples=[8.0])

    @classmethod
    def of(cls, sketch: Sketch) -> Self:
        """The percentiles as callers see them."""
        return cls(p50=sketch.quantile(0.5), p95=sketch.quantile(0.95), p99=sketch.quantile(0.99))


class JobRollupView(BaseModel):
    """What a kind did in a queue within a bucket, by outcome."""

    bucket: datetime = Field(description="when it begins", examples=["2026-11-25T08:00:00Z"])
    kind: str = Field(description="the jobs' kind", examples=["building.validate"])
    queue: str = Field(description="where they waited", examples=["validation"])
    outcome: str = Field(
        description="of jobs: `succeeded`, `cancelled`, `dead`; of attempts: `succeeded`, `failed`, `cancelled`,"
        " `interrupted`, `lost`",
        examples=["succeeded"],
    )
    jobs: int = Field(description="that became final so", examples=[120])
    attempts: int = Field(description="that ended so", examples=[124])
    retries: int = Field(description="of these attempts, those that were not their job's first", examples=[4])
    cpu_s: float = Field(description="seconds of processors that these attempts cost", examples=[310.5])
    waited: PercentilesView = Field(description="of these jobs, from when they were due last until they were begun")
    ran: PercentilesView = Field(description="of these attempts")

    @classmethod
    def of(cls, row: JobRollup) -> Self:
        """The row as callers see it."""
        plain = {name: getattr(row, name) for name in cls.model_fields if name not in {"waited", "ran"}}
        return cls(**plain, waited=PercentilesView.of(row.waited), ran=PercentilesView.of(row.ran))


class JobRollupList(BaseModel):
    """Rows in order of bucket, kind, queue and outcome."""

    grain: Grain = Field(description="how long each bucket is", examples=["hour"])
    since: datetime = Field(description="from when on", examples=["2026-11-24T08:00:00Z"])
    until: datetime = Field(description="until when", examples=["2026-11-25T08:00:00Z"])
    items: list[JobRollupView] = Field(description="the rows")


class BuildingRollupView(BaseModel):
    """The buildings of one sender on a day."""

    day: date = Field(description="as they were when that day was counted last, in UTC", examples=["2026-11-25"])
    sender: str = Field(description="who handed in their newest models; empty: nobody", examples=["bim-service"])
    buildings: int = Field(description="how many", examples=[40])
    models: int = Field(description="all their revisions", examples=[93])
    storage_bytes: int = Field(description="of these, the same bytes of a building once", examples=[734003200])
    space_area_m2: float = Field(description="of all spaces, m²", examples=[182000.5])
    floors: int = Field(description="in the index", examples=[160])
    spaces: int = Field(description="in the index", examples=[4200])
    elements: int = Field(description="in the index", examples=[310000])
    validated: int = Field(description="buildings whose newest model has a report", examples=[39])
    valid: int = Field(description="buildings whose newest model is valid", examples=[31])
    health: dict[str, int] = Field(
        description="buildings by how they were at their last check",
        examples=[{"healthy": 30, "degraded": 8, "unhealthy": 1}],
    )

    @classmethod
    def of(cls, day: date, row: BuildingRollup) -> Self:
        """The row as callers see it."""
        plain = {name: getattr(row, name) for name in cls.model_fields if name not in {"day", "sender"}}
        return cls(day=day, sender=row.tenant, **plain)


class BuildingRollupList(BaseModel):
    """Rows in order of day and sender."""

    items: list[BuildingRollupView] = Field(description="the rows")
