"""An axis-aligned box in model coordinates."""

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
            raise InvalidGeometryError(f"box runs backwards or is not finite: {self}")

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
