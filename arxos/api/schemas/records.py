"""What operators did, and what was refused at the broker."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.api.schemas.shared import SOME_ID, NextCursor
from arxos.storage.act_log import LoggedAct
from arxos.storage.quarantine import Quarantined


class ActView(BaseModel):
    """One act of an operator."""

    at: datetime = Field(description="when", examples=["2026-11-25T08:30:00Z"])
    actor: str = Field(description="who", examples=["ada"])
    action: str = Field(description="what", examples=["redrive"])
    job_id: UUID | None = Field(description="the job that it was done to, if it was one", examples=[SOME_ID])
    act_id: UUID | None = Field(description="the act on many jobs that it was, or was part of", examples=[SOME_ID])
    jobs: int | None = Field(description="of an act on many: to how many it was done", examples=[120])
    reason: str | None = Field(description="why", examples=["the disk has room again"])
    source: str | None = Field(description="from where", examples=["console@10.0.0.7"])
    details: dict[str, Any] = Field(description="what else is known of it", examples=[{"queue": "geometry"}])

    @classmethod
    def of(cls, act: LoggedAct) -> Self:
        """The act as callers see it."""
        return cls(**{name: getattr(act, name) for name in cls.model_fields})


class ActList(BaseModel):
    """One page, the latest first."""

    items: list[ActView] = Field(description="the acts of this page")
    next_cursor: NextCursor


class QuarantinedView(BaseModel):
    """A message that was refused: what is known of it, never its contents."""

    id: int = Field(description="later ones have greater ids", examples=[42])
    received_at: datetime = Field(description="when", examples=["2026-11-25T08:30:00Z"])
    queue: str | None = Field(description="where it lay", examples=["ingress"])
    reason: str = Field(description="why it was refused", examples=["not JSON"])
    size_bytes: int | None = Field(description="how large it was", examples=[512])
    task: str | None = Field(description="the task that it named", examples=["building.validate"])
    message_id: str | None = Field(description="the id that it bore", examples=[SOME_ID])
    excerpt: str | None = Field(description="of its shape", examples=["body: str, headers: dict"])

    @classmethod
    def of(cls, one: Quarantined) -> Self:
        """The message as callers see it."""
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class QuarantineList(BaseModel):
    """One page, the latest first; of all only the last 10,000 are kept."""

    items: list[QuarantinedView] = Field(description="the messages of this page")
    next_cursor: NextCursor
