"""The spatial index: which floor, space and element of a building stands where. Metres, m², m³, model axes."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from shapely import MultiPolygon

from arxos.domain.buildings.box import Box
from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.model_reader import GeometryState


@dataclass(frozen=True, slots=True)
class Floor:
    """A storey. `z_min` to `z_max`: from its own level to that of the next floor (None: not known).

    `outline`: its slabs and spaces in plan. `geo_outline`: the same in WGS84 longitude and latitude.
    """

    id: UUID
    global_id: str
    name: str | None
    elevation_m: float | None = None
    z_min: float | None = None
    z_max: float | None = None
    outline: MultiPolygon | None = None
    geo_outline: MultiPolygon | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """A room or zone. `area_m2`: of its footprint; `volume_m3`: of its closed mesh; `stated_…`: the file's claims."""

    id: UUID
    global_id: str
    name: str | None
    long_name: str | None
    floor_id: UUID | None  # None: on no floor
    state: GeometryState
    footprint: MultiPolygon | None = None
    box: Box | None = None
    area_m2: float | None = None
    volume_m3: float | None = None  # None where the mesh is open or turned inside out somewhere
    stated_area_m2: float | None = None
    stated_volume_m3: float | None = None
    note: str | None = None  # why the shape failed


@dataclass(frozen=True, slots=True)
class Element:
    """A wall, slab, door … `floor_id`: the floor that contains it; `crosses`: further floors it reaches into."""

    id: UUID
    global_id: str
    ifc_class: str
    name: str | None
    floor_id: UUID | None  # None: on no floor
    space_id: UUID | None
    state: GeometryState
    footprint: MultiPolygon | None = None
    box: Box | None = None
    crosses: tuple[UUID, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ModelIndex:
    """Everything one model puts into the spatial index. Floors lowest first, those without a level last."""

    schema: str
    true_north_deg: float  # clockwise from the model's y axis
    georeference: GeoReference | None
    floors: tuple[Floor, ...]
    spaces: tuple[Space, ...]
    elements: tuple[Element, ...]
    outline: MultiPolygon | None = None  # all floors' outlines together
    geo_outline: MultiPolygon | None = None  # the same in WGS84 longitude and latitude


def place_id(building_id: UUID, global_id: str, occurrence: int = 0) -> UUID:
    """The id of a floor, space or element: the same in every revision of the building's model that has its global id.

    `occurrence` counts the earlier products of the same global id: a fault of the file, which must not break the index.
    """
    return uuid5(building_id, f"{global_id}#{occurrence}" if occurrence else global_id)
