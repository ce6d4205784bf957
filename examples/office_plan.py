"""What the sample office looks like: rooms, doors, windows and furniture as data. Metres, building-local axes.

A bar of 32 × 15 m along x: rooms to the south and north of a corridor, the same stair and WC on every floor.
"""

from dataclasses import dataclass, field

LENGTH, DEPTH = 32.0, 15.0
EXTERIOR, PARTITION, CORE = 0.36, 0.12, 0.20
CORRIDOR_SOUTH, CORRIDOR_NORTH = 6.60, 8.40  # the corridor's clear edges
STOREY_HEIGHT, WALL_HEIGHT, SLAB = 3.60, 3.30, 0.30
SOUTH_ROW = (EXTERIOR, CORRIDOR_SOUTH - PARTITION)  # clear depth of the southern rooms
NORTH_ROW = (CORRIDOR_NORTH + PARTITION, DEPTH - EXTERIOR)
WC, STAIR = (12.72, 17.0), (17.20, 20.20)  # from x to x; a bearing wall of 0.20 m stands between them


@dataclass(frozen=True, slots=True)
class Room:
    """A room of one row, from x to x between its walls. `doors`: where along x its corridor doors stand."""

    number: str
    title: str
    x0: float
    x1: float
    doors: tuple[float, ...]
    furniture: str = ""  # a layout of `office_furniture`
    open_to_corridor: bool = False


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """One floor of the office."""

    name: str
    corridor: str
    south: tuple[Room, ...]
    north: tuple[Room, ...]
    entrances: tuple[str, ...] = ()  # of the walls W, E, S
    columns: tuple[tuple[float, float], ...] = field(default=())


def _core(floor: int) -> tuple[Room, Room]:
    return (
        Room(f"{floor}.03", "WC", *WC, doors=(13.4,), furniture="wc"),
        Room(f"{floor}.04", "Stair", *STAIR, doors=(19.4,), furniture="stair"),
    )


GROUND = FloorPlan(
    name="Ground floor",
    corridor="Lobby",
    south=(
        Room("0.01", "Seminar room", EXTERIOR, 10.0, (2.0, 8.8), "seminar"),
        Room("0.02", "Reception", 10.12, 20.0, (), "reception", open_to_corridor=True),
        Room("0.05", "Administration", 20.12, LENGTH - EXTERIOR, (21.2,), "desks"),
    ),
    north=(
        Room("0.06", "Café", EXTERIOR, 12.6, (3.0, 11.2), "cafe"),
        *_core(0),
        Room("0.07", "Plant room", 20.40, LENGTH - EXTERIOR, (22.0,), "plant"),
    ),
    entrances=("S", "E"),
    columns=((6.4, 3.06), (13.8, 4.9), (17.4, 4.9), (25.9, 5.0), (6.5, 11.6), (26.0, 11.6)),
)

FIRST = FloorPlan(
    name="First floor",
    corridor="Corridor",
    south=(
        Room("1.01", "Open office", EXTERIOR, 18.0, (3.0, 15.6), "desks"),
        Room("1.02", "Focus room", 18.12, 22.4, (19.2,), "small_office"),
        Room("1.05", "Project office", 22.52, LENGTH - EXTERIOR, (23.6,), "desks"),
    ),
    north=(
        Room("1.06", "Workshop", EXTERIOR, 12.6, (3.0, 11.2), "seminar"),
        *_core(1),
        Room("1.07", "Meeting Alster", 20.40, 25.9, (21.6,), "meeting"),
        # Deliberate fault: this one, Meeting Elbe, was copied from its neighbour and kept number and name.
        Room("1.07", "Meeting Alster", 26.02, LENGTH - EXTERIOR, (27.2,), "meeting"),
    ),
    columns=((6.4, 5.0), (12.2, 5.0), (27.2, 5.0), (6.4, 11.6)),
)

SECOND = FloorPlan(
    name="Second floor",
    corridor="Corridor",
    south=(
        Room("2.01", "Office A", EXTERIOR, 6.2, (1.6,), "small_office"),
        Room("2.02", "Office B", 6.32, 12.2, (7.6,), "small_office"),
        Room("2.05", "Board room", 12.32, 21.6, (13.6, 20.4), "board"),
        Room("2.06", "Directors", 21.72, LENGTH - EXTERIOR, (23.0,), "director"),
    ),
    north=(
        Room("2.07", "Open office", EXTERIOR, 12.6, (3.0, 11.2), "desks"),
        *_core(2),
        Room("2.08", "Server room", 20.40, 24.6, (21.6,), "plant"),
        Room("2.09", "Archive", 24.72, LENGTH - EXTERIOR, (26.0,), "shelves"),
    ),
    columns=((6.5, 10.1), (24.2, 5.0)),
)

FLOORS = (GROUND, FIRST, SECOND)
