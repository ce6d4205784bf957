"""The neutral model: what any input format says about a building. Metres; angles in degrees."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GeoReference:
    """Where the model's origin lies on earth.

    Either a projected place (`epsg`, `eastings`, `northings`, in the metres of that system, after the file's own map
    unit) or only a point (`latitude`, `longitude`). `rotation_deg`: anticlockwise from grid east to the model's x axis.
    `scale`: model metres to map metres. `source` says which statement of the file was used.
    """

    source: str
    epsg: int | None = None
    eastings: float | None = None
    northings: float | None = None
    height: float | None = None
    rotation_deg: float = 0.0
    scale: float = 1.0
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class ModelFloor:
    """A storey as its file states it. `elevation_m` is None where the file gives none.

    `z_m`: the level its products stand on in model axes, where the file places the storey. It is not the elevation
    where the site lies above the model's origin: a ground floor at ±0 may stand at 243 m.
    """

    global_id: str
    name: str | None
    elevation_m: float | None
    z_m: float | None = None


@dataclass(frozen=True, slots=True)
class ModelSpace:
    """A room or zone. Areas (m²) and volume (m³) are the file's own claims, converted from its units."""

    global_id: str
    name: str | None
    long_name: str | None
    floor_id: str | None  # global id of the floor, None: on no floor
    gross_area_m2: float | None = None
    volume_m3: float | None = None


@dataclass(frozen=True, slots=True)
class ModelElement:
    """A wall, slab, door … `floor_id` is the floor that contains it, directly or through its space or assembly."""

    global_id: str
    ifc_class: str
    name: str | None
    floor_id: str | None
    space_id: str | None = None


@dataclass(frozen=True, slots=True)
class BuildingModel:
    """What a file says about a building: structure and claims, no geometry."""

    schema: str
    project_name: str | None
    site_name: str | None
    building_name: str | None
    address: str | None  # one line, as the file states it
    unit_scale: float  # file length unit to metres
    true_north_deg: float  # clockwise from the model's y axis to true north; 0 where the file is silent
    georeference: GeoReference | None
    floors: tuple[ModelFloor, ...]
    spaces: tuple[ModelSpace, ...]
    elements: tuple[ModelElement, ...]
