"""Floors, spaces and elements: where they stand. Metres, in the model's own axes."""

from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.domain.buildings.plan_geojson import geometry
from arxos.domain.buildings.spatial_index import Element, Space

SHAPE = Field(description="GeoJSON MultiPolygon in plan; null: it has no shape there")


class FloorView(BaseModel):
    """A storey. What is answered is written by the domain; this describes it."""

    id: UUID
    global_id: str = Field(description="the source's own identifier")
    name: str | None = Field(examples=["Ground floor"])
    elevation_m: float | None = Field(description="as its file states it")
    z_min: float | None = Field(description="its own level")
    z_max: float | None = Field(description="the next floor's level")
    outline: dict[str, Any] | None = SHAPE


class FloorList(BaseModel):
    """The lowest first, those without a level last."""

    items: list[FloorView]


class SpaceView(BaseModel):
    """A room or zone."""

    id: UUID
    global_id: str
    name: str | None
    long_name: str | None
    floor_id: UUID | None = Field(description="null: on no floor")
    z_min: float | None
    z_max: float | None
    area_m2: float | None = Field(description="of its footprint")
    volume_m3: float | None = Field(description="of its closed mesh")
    stated_area_m2: float | None = Field(description="as its file states it")
    footprint: dict[str, Any] | None = SHAPE

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

    items: list[SpaceView]
    next_cursor: str | None = None


class ElementView(BaseModel):
    """A wall, a slab, a door and so on."""

    id: UUID
    global_id: str
    ifc_class: str = Field(examples=["IfcDoor"])
    name: str | None
    floor_id: UUID | None = Field(description="the floor that contains it; null: none does")
    space_id: UUID | None
    z_min: float | None
    z_max: float | None
    footprint: dict[str, Any] | None = SHAPE

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

    items: list[ElementView]
    next_cursor: str | None = None
