"""Floors, spaces and elements: where they stand. Metres, in the model's own axes."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.api.schemas.shared import SOME_ID, GlobalId, NextCursor
from arxos.domain.buildings.plan_geojson import geometry
from arxos.domain.buildings.spatial_index import Element, Space

Shape = Annotated[
    dict[str, Any] | None,
    Field(
        description="GeoJSON MultiPolygon in plan; null: it has no shape there",
        examples=[
            {"type": "MultiPolygon", "coordinates": [[[[0.0, 0.0], [4.2, 0.0], [4.2, 3.0], [0.0, 3.0], [0.0, 0.0]]]]}
        ],
    ),
]
Lowest = Annotated[float | None, Field(description="its lowest point; null: it has no shape", examples=[0.0])]
Highest = Annotated[float | None, Field(description="its highest point; null: it has no shape", examples=[2.8])]


class FloorView(BaseModel):
    """A storey. What is answered is written by the domain; this describes it."""

    id: UUID = Field(description="the floor", examples=[SOME_ID])
    global_id: GlobalId
    name: str | None = Field(description="as its file states it", examples=["Ground floor"])
    elevation_m: float | None = Field(description="as its file states it", examples=[0.0])
    z_min: float | None = Field(description="its own level; null: it is not known", examples=[0.0])
    z_max: float | None = Field(
        description="the next floor's level, or the top of the highest; null: it is not known", examples=[3.1]
    )
    outline: Shape


class FloorList(BaseModel):
    """The lowest first, those without a level last."""

    items: list[FloorView] = Field(description="the floors")


class SpaceView(BaseModel):
    """A room or zone."""

    id: UUID = Field(description="the space", examples=[SOME_ID])
    global_id: GlobalId
    name: str | None = Field(description="as its file states it: often a number", examples=["1.04"])
    long_name: str | None = Field(description="as its file states it", examples=["Meeting room"])
    floor_id: UUID | None = Field(description="null: on no floor", examples=[SOME_ID])
    z_min: Lowest
    z_max: Highest
    area_m2: float | None = Field(description="of its footprint; null: it has none", examples=[12.6])
    volume_m3: float | None = Field(description="of its mesh; null: that is not closed", examples=[35.28])
    stated_area_m2: float | None = Field(description="as its file states it", examples=[12.6])
    footprint: Shape

    @classmethod
    def of(cls, space: Space) -> Self:
        """As callers see it."""
        return cls(
            id=space.id,
            global_id=space.global_id,
            name=space.name,
            long_name=space.long_name,
            floor_id=space.floor_id,
            z_min=space.box.z_min if space.box else None,
            z_max=space.box.z_max if space.box else None,
            area_m2=space.area_m2,
            volume_m3=space.volume_m3,
            stated_area_m2=space.stated_area_m2,
            footprint=geometry(space.footprint),
        )


class SpaceList(BaseModel):
    """One page."""

    items: list[SpaceView] = Field(description="the spaces of this page")
    next_cursor: NextCursor = None


class ElementView(BaseModel):
    """A wall, a slab, a door and so on."""

    id: UUID = Field(description="the element", examples=[SOME_ID])
    global_id: GlobalId
    ifc_class: str = Field(description="its class in the file's schema", examples=["IfcDoor"])
    name: str | None = Field(description="as its file states it", examples=["D-01"])
    floor_id: UUID | None = Field(description="the floor that contains it; null: none does", examples=[SOME_ID])
    space_id: UUID | None = Field(description="the space that contains it; null: none does", examples=[SOME_ID])
    z_min: Lowest
    z_max: Highest
    footprint: Shape

    @classmethod
    def of(cls, element: Element) -> Self:
        """As callers see it."""
        return cls(
            id=element.id,
            global_id=element.global_id,
            ifc_class=element.ifc_class,
            name=element.name,
            floor_id=element.floor_id,
            space_id=element.space_id,
            z_min=element.box.z_min if element.box else None,
            z_max=element.box.z_max if element.box else None,
            footprint=geometry(element.footprint),
        )


class ElementList(BaseModel):
    """One page, by global id; with `near` the nearest first, and no further page."""

    items: list[ElementView] = Field(description="the elements of this page")
    next_cursor: NextCursor = None
