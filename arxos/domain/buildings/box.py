"""An axis-aligned box in model coordinates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from arxos.domain.errors import InvalidGeometryError


@dataclass(frozen=True, slots=True)
class Box:
    """Corners in metres, model axes; a side may be zero long."""

    x_min: float
    y_min: float
    z_min: float
    x_max: float
    y_max: float
    z_max: float

    def __post_init__(self) -> None:
        if not (self.x_min <= self.x_max and self.y_min <= self.y_max and self.z_min <= self.z_max):
            raise InvalidGeometryError(f"box runs backwards or is not a number: {self}")

    def meets(self, other: "Box") -> bool:
        """Whether the two share at least a point."""
        return (
            self.x_min <= other.x_max
            and other.x_min <= self.x_max
            and self.y_min <= other.y_max
            and other.y_min <= self.y_max
            and self.z_min <= other.z_max
            and other.z_min <= self.z_max
        )


def box_of(numbers: Sequence[float]) -> Box:
    """The box that a query's numbers mean; without heights it reaches from −∞ to +∞.

    A point (x, y) or (x, y, z), or corners (x0, y0, x1, y1) or (x0, y0, z0, x1, y1, z1). Raises InvalidGeometryError.
    """
    if not all(map(math.isfinite, numbers)):
        raise InvalidGeometryError("coordinates must be finite numbers")
    match tuple(numbers):
        case (x, y):
            return Box(x, y, -math.inf, x, y, math.inf)
        case (x, y, z):
            return Box(x, y, z, x, y, z)
        case (x0, y0, x1, y1):
            return Box(x0, y0, -math.inf, x1, y1, math.inf)
        case (x0, y0, z0, x1, y1, z1):
            return Box(x0, y0, z0, x1, y1, z1)
    raise InvalidGeometryError(f"a point has 2 or 3 numbers and a box 4 or 6, got {len(numbers)}")
