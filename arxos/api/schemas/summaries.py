"""A building at a glance. What is answered is written by the domain; this describes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field


class FloorSummaryView(BaseModel):
    """One floor in numbers."""

    id: UUID
    global_id: str = Field(description="the source's own identifier", examples=["2O2Fr$t4X7Zf8NOew3FLOH"])
    name: str | None = Field(description="as its file states it", examples=["Ground floor"])
    elevation_m: float | None = Field(description="as its file states it, in metres", examples=[0.0])
    spaces: int = Field(description="how many it contains", examples=[12])
    space_area_m2: float = Field(description="the sum of its spaces' footprints", examples=[210.5])
    outline_area_m2: float | None = Field(description="what its slabs and spaces cover", examples=[240.0])


class ModelSummaryView(BaseModel):
    """The model that the numbers are of."""

    id: UUID
    revision: int = Field(description="counts the building's models from 1", examples=[1])
    sha256: str = Field(description="of its file")
    schema_name: str | None = Field(alias="schema", description="known once it was read", examples=["IFC4"])
    filename: str = Field(description="as its sender called it", examples=["tower.ifc"])
    size_bytes: int = Field(description="of its file", examples=[2_400_000])
    received_at: datetime
    indexed_at: datetime | None = Field(description="null: it is not in the spatial index (yet)")


class FindingSummaryView(BaseModel):
    """A validation report in numbers."""

    valid: bool = Field(description="no finding is an error, and no rule is inconclusive")
    by_severity: dict[str, int] = Field(examples=[{"error": 0, "warning": 3, "info": 1}])
    by_rule: dict[str, int] = Field(description="most findings first", examples=[{"ARX101": 3, "SPS007": 1}])


class SummaryView(BaseModel):
    """Everything about a building at a glance. Metres and square metres."""

    id: UUID
    name: str = Field(examples=["O'Brien Tower"])
    address: str = Field(description="on one line", examples=["10 Rue de la Paix, 75002 Paris, France"])
    status: str = Field(description="where it is in its life", examples=["active"])
    model: ModelSummaryView | None = Field(description="the one indexed, else the newest; null: there is none")
    floors: list[FloorSummaryView] = Field(description="lowest first")
    spaces: int = Field(examples=[28])
    elements: int = Field(description="walls, doors, …: no openings", examples=[355])
    elements_with_geometry: int = Field(description="those that are in the spatial index", examples=[350])
    by_class: dict[str, int] = Field(description="elements by IFC class, most first", examples=[{"IfcWall": 112}])
    by_state: dict[str, int] = Field(description="what became of their shapes", examples=[{"done": 378}])
    space_area_m2: float = Field(description="also of spaces on no floor", examples=[1012.4])
    findings: FindingSummaryView | None = Field(description="null: not validated yet")
    extent: dict[str, float] | None = Field(description="the box around everything, metres, model axes")
    georeference: dict[str, Any] | None = Field(description="where the model's origin lies on earth")
    true_north_deg: float | None = Field(description="clockwise from the model's y axis", examples=[0.0])
