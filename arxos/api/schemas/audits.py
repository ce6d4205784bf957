"""What audits found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.api.schemas.shared import LATER, SOME_ID, NextCursor
from arxos.domain.audits.findings import Audit, Noted


class AuditView(BaseModel):
    """One audit."""

    id: UUID = Field(description="the job that it was", examples=[SOME_ID])
    kind: str = Field(description="what was looked at", examples=["audit.index"])
    started_at: datetime = Field(description="when it began", examples=["2026-11-25T08:30:00Z"])
    finished_at: datetime | None = Field(
        description="when it ended; null: it is at work, or was given up", examples=[LATER]
    )
    examined: int = Field(description="how many things were looked at", examples=[1200])
    findings: int = Field(description="how much is wrong", examples=[2])

    @classmethod
    def of(cls, one: Audit) -> Self:
        """The audit as callers see it."""
        return cls(id=one.job_id, **{name: getattr(one, name) for name in cls.model_fields if name != "id"})


class AuditList(BaseModel):
    """The latest audits, the newest first."""

    items: list[AuditView] = Field(description="the audits")


class RepairView(BaseModel):
    """The job that would mend it."""

    kind: str = Field(description="its kind", examples=["building.index_geometry"])
    payload: Mapping[str, Any] = Field(description="its payload", examples=[{"model_id": "0192f3c8-…"}])


class AuditFindingView(BaseModel):
    """One piece of damage."""

    number: int = Field(description="of this finding in its audit; later ones are greater", examples=[3])
    sort: str = Field(description="a stable word", examples=["index_stale"])
    subject: str = Field(description="what is damaged", examples=["building 0192f3c8-…"])
    message: str = Field(description="how", examples=["the index is of revision 1, the newest is 2"])
    repair: RepairView | None = Field(description="the job that would mend it; null: a person must look")
    repair_job_id: UUID | None = Field(
        description="the job that was ordered to mend it; null: none was", examples=[SOME_ID]
    )

    @classmethod
    def of(cls, noted: Noted) -> Self:
        """The finding as callers see it."""
        one = noted.finding
        repair = RepairView(kind=one.repair.kind, payload=one.repair.payload) if one.repair else None
        return cls(
            number=noted.position,
            sort=one.sort,
            subject=one.subject,
            message=one.message,
            repair=repair,
            repair_job_id=noted.repair_job_id,
        )


class AuditFindingList(BaseModel):
    """One page, in the order in which they were found."""

    items: list[AuditFindingView] = Field(description="what this page holds of them")
    next_cursor: NextCursor


class RepairOrder(BaseModel):
    """Which findings to have mended; without any field, all that name a repair."""

    number: int | None = Field(default=None, ge=1, le=2**63 - 1, description="this finding only", examples=[3])
    sort: str | None = Field(default=None, max_length=100, description="of this sort only", examples=["index_stale"])


class RepairsOrdered(BaseModel):
    """The jobs that mend."""

    jobs: list[UUID] = Field(description="each once; ordered again, they are the same", examples=[[SOME_ID]])
