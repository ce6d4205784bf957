"""A building's floors as JSON, for programs."""

import json
from collections.abc import Iterable
from typing import Any

from arxos.domain.buildings.plan_geojson import geometry
from arxos.domain.buildings.spatial_index import Floor


def floor_list(floors: Iterable[Floor]) -> bytes:
    """``{"items": […]}``, in the order of the floors. Metres in the model's own axes, rounded to millimetres."""
    items = [_floor(floor) for floor in floors]
    return json.dumps({"items": items}, ensure_ascii=False, separators=(",", ":")).encode()


def _floor(floor: Floor) -> dict[str, Any]:
    return {
        "id": str(floor.id),
        "global_id": floor.global_id,
        "name": floor.name,
        "elevation_m": floor.elevation_m,
        "z_min": floor.z_min,
        "z_max": floor.z_max,
        "outline": geometry(floor.outline),
    }
