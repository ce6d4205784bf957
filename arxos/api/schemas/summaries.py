"""A building at a glance. What is answered is written by the domain; this describes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.api.schemas.shared import LATER, MOMENT, SHA256, SOME_ID, GlobalId


class FloorSummaryView(BaseModel):
    """One floor in numbers."""

    id: UUID = Field(description="the floor", examples=[SOME_ID])
    global_id: GlobalId
    name: str | None = Field(description="as its file states it", examples=["Ground floor"])
    elevation_m: float | None = Field(description="as its file states it, in metres", examples=[0.0])
    spaces: int = Field(description="how many it contains", examples=[12])
    space_area_m2: float = Field(description="the sum of its spaces' footprints", examples=[210.5])
    outline_area_m2: float | None = Field(description="what its slabs and spaces cover", examples=[240.0])


class ModelSummaryView(BaseModel):
    """The model that the numbers are of."""

    id: UUID = Field(description="the model", examples=[SOME_ID])
    revision: int = Field(description="counts the building's models from 1", examples=[1])
    sha256: str = Field(description="of its file, in hexadecimal", examples=[SHA256])
    schema_name: str | None = Field(alias="schema", description="known once it was read", examples=["IFC4"])
    filename: str = Field(description="as its sender called it", examples=["tower.ifc"])
    size_bytes: int = Field(description="of its file", examples=[2_400_000])
    received_at: datetime = Field(description="when it was handed in", examples=[MOMENT])
    indexed_at: datetime | None = Field(
        description="when its spatial index was made; null: it is not in the index (yet)", examples=[LATER]
    )


class FindingSummaryView(BaseModel):
    """A validation report in numbers."""

    valid: bool = Field(description="no finding is an error, and no rule is inconclusive")
    by_severity: dict[str, int] = Field(
        description="how many findings are how bad", examples=[{"error": 0, "warning": 3, "info": 1}]
    )
    by_rule: dict[str, int] = Field(description="findings by rule, most first", examples=[{"ARX101": 3, "SPS007": 1}])


class SummaryView(BaseModel):
    """Everything about a building at a glance. Metres and square metres."""

    id: UUID = Field(description="the building", examples=[SOME_ID])
    name: str = Field(description="what people call it", examples=["O'Brien Tower"])
    address: str = Field(description="on one line", examples=["10 Rue de la Paix, 75002 Paris, France"])
    status: str = Field(description="where it is in its life", examples=["active"])
    model: ModelSummaryView | None = Field(description="the one indexed, else the newest; null: there is none")
    floors: list[FloorSummaryView] = Field(description="lowest first")
    spaces: int = Field(description="rooms and zones", examples=[28])
    elements: int = Field(description="walls, doors, …: no openings", examples=[355])
    elements_with_geometry: int = Field(description="those that are in the spatial index", examples=[350])
    by_class: dict[str, int] = Field(description="elements by IFC class, most first", examples=[{"IfcWall": 112}])
    by_state: dict[str, int] = Field(description="what became of their shapes", examples=[{"done": 378}])
    space_area_m2: float = Field(description="also of spaces on no floor", examples=[1012.4])
    findings: FindingSummaryView | None = Field(description="null: not validated yet")
    extent: dict[str, float] | None = Field(
        description="the box around everything, metres, model axes; null: nothing is indexed",
        examples=[{"x_min": 0.0, "y_min": 0.0, "z_min": -0.3, "x_max": 24.0, "y_max": 12.5, "z_max": 9.6}],
    )
    georeference: dict[str, Any] | None = Field(
        description="where the model's origin lies on earth: projected (`epsg`, metres of that system), or a point in"
        " degrees; null: it is not known",
        examples=[
            {
                "source": "IfcSite.RefLatitude",
                "epsg": None,
                "eastings": None,
                "northings": None,
                "height": 35.0,
                "rotation_deg": 0.0,
                "scale": 1.0,
                "latitude": 48.8688,
                "longitude": 2.3311,
            }
        ],
    )
    true_north_deg: float | None = Field(description="clockwise from the model's y axis", examples=[0.0])
