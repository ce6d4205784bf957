"""Walls and the holes in them: what the sample office's doors and windows look like, and where windows go. Metres."""

from dataclasses import dataclass

from ifcwriter import BoxSize, Entity
from office_plan import Room


@dataclass(frozen=True, slots=True)
class Wall:
    """A rectangle in plan and what has been cut out of it so far."""

    entity: Entity
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def along_x(self) -> bool:
        return self.x1 - self.x0 > self.y1 - self.y0

    @property
    def thickness(self) -> float:
        return round(min(self.x1 - self.x0, self.y1 - self.y0), 3)


@dataclass(frozen=True, slots=True)
class Hole:
    """A door or window: its middle along the wall's run, clear width and height, and sill. Metres."""

    at: float
    width: float
    height: float
    sill: float = 0.0


def door_boxes(hole: Hole, thickness: float) -> list[BoxSize]:
    """Frame and leaf, about the middle of the opening's foot."""
    half, frame = hole.width / 2, 0.05
    jambs = [(x, -thickness / 2, 0.0, frame, thickness, hole.height) for x in (-half, half - frame)]
    head = (-half + frame, -thickness / 2, hole.height - frame, hole.width - 2 * frame, thickness, frame)
    leaf = (-half + frame, -0.0225, 0.01, hole.width - 2 * frame, 0.045, hole.height - frame - 0.01)
    return [*jambs, head, leaf]


def window_boxes(hole: Hole) -> list[BoxSize]:
    """Frame, mullion and pane, about the middle of the opening's foot."""
    half, frame, depth = hole.width / 2, 0.06, 0.09
    clear = hole.width - 2 * frame
    uprights = [(x, -depth / 2, 0.0, frame, depth, hole.height) for x in (-half, -frame / 2, half - frame)]
    rails = [(-half + frame, -depth / 2, z, clear, depth, frame) for z in (0.0, hole.height - frame)]
    return [*uprights, *rails, (-half + frame, -0.012, frame, clear, 0.024, hole.height - 2 * frame)]


def windows_of(room: Room) -> list[Hole]:
    """Evenly spaced windows of 2.0 m; small high ones for the WC, one for the stair."""
    length = room.x1 - room.x0
    match room.furniture:
        case "wc":
            return [Hole(room.x0 + 0.75 + 1.45 * i, 0.7, 0.7, 1.8) for i in range(3)]
        case "stair":
            return [Hole((room.x0 + room.x1) / 2, 1.6, 1.5, 1.2)]
        case _:
            count = int(length // 2.7)
            bay = length / count
            return [Hole(round(room.x0 + bay * (i + 0.5), 3), 2.0, 1.6, 0.9) for i in range(count)]
