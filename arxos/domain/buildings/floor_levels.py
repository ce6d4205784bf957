"""How high the floors reach, and which of them a product reaches into. Metres, model axes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from arxos.domain.buildings.box import Box
from arxos.domain.buildings.spatial_index import Floor

CROSSING_M: Final = 0.5  # what reaches less far into a floor only touches it: slabs hang below their level


def in_order(floors: Sequence[Floor]) -> tuple[Floor, ...]:
    """Lowest first, those without a level last; a file's own order means nothing."""
    return tuple(sorted(floors, key=lambda f: (_level(f) is None, _level(f) or 0.0, f.global_id)))


def with_heights(floors: Sequence[Floor], top: float | None) -> tuple[Floor, ...]:
    """Each floor from its own level to the next one above it; the highest to `top`, where that is above it.

    Floors at one level share their height. Levels 0, 3 and 3 with `top` 7: 0 to 3, 3 to 7, 3 to 7.
    """
    levels = sorted({level for floor in floors if (level := _level(floor)) is not None})
    above: dict[float | None, float | None] = dict(pairwise(levels))
    if levels and top is not None and top > levels[-1]:
        above[levels[-1]] = top
    return tuple(replace(floor, z_min=_level(floor), z_max=above.get(_level(floor))) for floor in floors)


def _level(floor: Floor) -> float | None:
    """Where it stands in model axes; its elevation, where nothing else is known."""
    return floor.elevation_m if floor.z_min is None else floor.z_min


def crossed(box: Box, own: Floor | None, floors: Sequence[Floor]) -> tuple[Floor, ...]:
    """The floors, other than its own and those at the same level, that a product reaches into by half a metre or more.

    A stair from 0.0 to 3.1 m on the floor from 0.0 to 3.1 m crosses none; a shaft from −1.2 to 5.6 m all it passes.
    """
    level = None if own is None else own.z_min
    return tuple(floor for floor in floors if floor.z_min not in (None, level) and _overlap(box, floor) >= CROSSING_M)


def _overlap(box: Box, floor: Floor) -> float:
    assert floor.z_min is not None  # `crossed` leaves out floors without a level
    top = box.z_max if floor.z_max is None else min(box.z_max, floor.z_max)
    return top - max(box.z_min, floor.z_min)
