"""How buildings are."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.api.schemas.shared import LATER, MOMENT, SOME_ID, NextCursor
from arxos.domain.health.report import Ailment, HealthChange, HealthReport, HealthStatus, Reason, Sweep


class ReasonView(BaseModel):
    """Why a building is not well."""

    code: Ailment = Field(description="a stable word", examples=["index_outdated"])
    status: HealthStatus = Field(description="how much this alone weighs", examples=["degraded"])
    message: str = Field(description="the same for people", examples=["the index is of revision 1, the newest is 2"])

    @classmethod
    def of(cls, one: Reason) -> Self:
        """The reason as callers see it."""
        return cls(code=one.code, status=one.status, message=one.message)


class BuildingHealthView(BaseModel):
    """A building at its last check."""

    building_id: UUID = Field(description="which building", examples=[SOME_ID])
    status: HealthStatus | None = Field(description="how it is; null: nobody looked yet", examples=["degraded"])
    reasons: list[ReasonView] = Field(description="why it is not well; empty: it is")
    last_activity: datetime | None = Field(
        description="when it or its newest model changed last", examples=["2026-11-24T17:05:00Z"]
    )
    checked_at: datetime | None = Field(description="of when this is", examples=["2026-11-25T08:30:00Z"])
    changed_at: datetime | None = Field(description="since when the status is this one", examples=[MOMENT])

    @classmethod
    def of(cls, building_id: UUID, one: HealthReport | None) -> Self:
        """The report as callers see it."""
        if one is None:
            return cls(
                building_id=building_id, status=None, reasons=[], last_activity=None, checked_at=None, changed_at=None
            )
        return cls(
            building_id=building_id,
            status=one.status,
            reasons=[ReasonView.of(why) for why in one.reasons],
            last_activity=one.last_activity,
            checked_at=one.checked_at,
            changed_at=one.changed_at,
        )


class HealthChangeView(BaseModel):
    """When a building's status became another."""

    at: datetime = Field(description="when", examples=["2026-11-25T08:30:00Z"])
    was: HealthStatus | None = Field(description="the status before; null: there was none", examples=["healthy"])
    status: HealthStatus = Field(description="the status since", examples=["degraded"])
    reasons: list[ReasonView] = Field(description="why")

    @classmethod
    def of(cls, one: HealthChange) -> Self:
        """The change as callers see it."""
        return cls(at=one.at, was=one.was, status=one.status, reasons=[ReasonView.of(why) for why in one.reasons])


class BuildingHealthHistory(BuildingHealthView):
    """A building at its last check, and how it was before."""

    changes: list[HealthChangeView] = Field(description="the latest changes of its status, the newest first")


class BuildingHealthList(BaseModel):
    """One page, in order of the buildings' ids."""

    items: list[BuildingHealthView] = Field(description="the buildings of this page")
    next_cursor: NextCursor


class SweepView(BaseModel):
    """A check of every building that was due."""

    job_id: UUID = Field(description="the job that ordered the checks", examples=[SOME_ID])
    started_at: datetime = Field(description="when it began", examples=["2026-11-25T08:30:00Z"])
    finished_at: datetime | None = Field(
        description="when the last check had ended; null: some are on their way", examples=[LATER]
    )
    due: int = Field(description="how many checks were ordered", examples=[1200])
    counts: dict[str, int] = Field(
        description="checks by what they came to: `healthy`, `degraded`, `unhealthy`, `failed`, `removed`;"
        " and `changed`: the buildings whose status is another since it began",
        examples=[{"healthy": 1190, "degraded": 10, "changed": 3}],
    )

    @classmethod
    def of(cls, one: Sweep) -> Self:
        """The sweep as callers see it."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class SweepList(BaseModel):
    """The latest sweeps, the newest first, and how many buildings are how."""

    items: list[SweepView] = Field(description="the sweeps")
    buildings: dict[HealthStatus, int] = Field(
        description="buildings by their latest report", examples=[{"healthy": 1190, "degraded": 10, "unhealthy": 0}]
    )
