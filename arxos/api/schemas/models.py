"""Models of buildings, and what checks found in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.api.schemas.shared import MOMENT, SHA256, SOME_ID, NextCursor
from arxos.domain.buildings.findings import Finding, Severity
from arxos.domain.buildings.receive_model import Received
from arxos.domain.buildings.repository import ModelRecord
from arxos.domain.jobs.job import Job, JobState


class JobOfModel(BaseModel):
    """A job that a model's arrival made."""

    id: UUID = Field(description="the job", examples=[SOME_ID])
    kind: str = Field(description="what it does", examples=["building.validate"])
    state: JobState = Field(description="at this moment", examples=["queued"])


class ModelReceived(BaseModel):
    """What became of a file."""

    model_id: UUID = Field(description="the model that these bytes are", examples=[SOME_ID])
    sha256: str = Field(description="of the file, in hexadecimal", examples=[SHA256])
    size_bytes: int = Field(description="how large it is", examples=[2_400_000])
    revision: int = Field(description="counts the building's models from 1", examples=[1])
    is_new: bool = Field(description="false: these bytes were the newest model already, and nothing was made")
    jobs: list[JobOfModel] = Field(description="the model's jobs: validate, index, then warm the cache")

    @classmethod
    def of(cls, received: Received, jobs: Sequence[Job]) -> Self:
        """The upload as its sender sees it."""
        made = [JobOfModel(id=job.id, kind=job.kind, state=job.state) for job in jobs]
        facts = {name: getattr(received, name) for name in Received.__slots__}
        return cls(**facts, jobs=made)


class ModelView(BaseModel):
    """A building's model: one file that was handed in."""

    id: UUID = Field(description="the model", examples=[SOME_ID])
    revision: int = Field(description="counts the building's models from 1", examples=[2])
    sha256: str = Field(description="of the file, in hexadecimal", examples=[SHA256])
    size_bytes: int = Field(description="how large it is", examples=[2_400_000])
    filename: str = Field(description="as its sender called it", examples=["tower.ifc"])
    format: str = Field(description="what its name announces", examples=["ifc"])
    schema_name: str | None = Field(description="known once it was read", examples=["IFC4"])
    submitted_by: str | None = Field(description="who handed it in", examples=["ada"])
    received_at: datetime = Field(description="when it was handed in", examples=[MOMENT])
    indexed: bool = Field(description="whether the building's spatial index is of this model")

    @classmethod
    def of(cls, model: ModelRecord, indexed: UUID | None) -> Self:
        """The model as callers see it; `indexed`: the one in the spatial index."""
        names = cls.model_fields.keys() - {"schema_name", "indexed"}
        facts = {name: getattr(model, name) for name in names}
        return cls(**facts, schema_name=model.schema, indexed=model.id == indexed)


class ModelList(BaseModel):
    """A page of models, newest first."""

    items: list[ModelView] = Field(description="the models of this page")
    next_cursor: NextCursor


class FindingView(BaseModel):
    """One remark of a check."""

    rule: str = Field(description="which rule says so", examples=["SPS001"])
    severity: Severity = Field(description="only an error makes a model invalid", examples=["error"])
    message: str = Field(description="what is remarked", examples=["the spatial structure has no building"])
    global_id: str | None = Field(description="of what it is about", examples=["2O2Fr$t4X7Zf8NOew3FLOH"])
    subject: str | None = Field(description="the same for people", examples=["IfcWall 'W-01'"])
    expected: str | None = Field(description="what should be there", examples=["exactly 1"])
    observed: str | None = Field(description="what is there", examples=["0"])

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """The finding as callers see it."""
        return cls(**{name: getattr(finding, name) for name in cls.model_fields})


class FindingList(BaseModel):
    """A page of findings, in the order of their report."""

    model_id: UUID | None = Field(
        description="the model that they are about; null: the building has none", examples=[SOME_ID]
    )
    items: list[FindingView] = Field(description="the findings of this page")
    next_cursor: NextCursor
