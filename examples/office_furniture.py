"""Furniture of the sample office: pieces as boxes (metres, about their own origin), and layouts of them in a room."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ifcwriter import BoxSize
from office_plan import Room


@dataclass(frozen=True, slots=True)
class Piece:
    """A kind of furniture, fixture or machine; `round_m`: a round one of this radius and the box's height."""

    ifc_class: str
    boxes: tuple[BoxSize, ...]
    round_m: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece in the room: metres, building axes; degrees anticlockwise."""

    kind: str
    x: float
    y: float
    turn_deg: float = 0.0


PIECES = {
    "Desk": Piece(
        "IfcFurniture",
        ((-0.8, -0.4, 0.72, 1.6, 0.8, 0.03), (-0.8, -0.35, 0, 0.05, 0.7, 0.72), (0.75, -0.35, 0, 0.05, 0.7, 0.72)),
    ),
    "Chair": Piece("IfcFurniture", ((-0.24, -0.24, 0.40, 0.48, 0.48, 0.06), (-0.24, 0.20, 0.46, 0.48, 0.05, 0.45))),
    "Meeting table": Piece(
        "IfcFurniture",
        ((-1.2, -0.55, 0.70, 2.4, 1.1, 0.04), (-0.8, -0.1, 0, 0.2, 0.2, 0.7), (0.6, -0.1, 0, 0.2, 0.2, 0.7)),
    ),
    "Board table": Piece(
        "IfcFurniture",
        ((-2.4, -0.65, 0.70, 4.8, 1.3, 0.04), (-2.0, -0.2, 0, 0.4, 0.4, 0.7), (1.6, -0.2, 0, 0.4, 0.4, 0.7)),
    ),
    "Café table": Piece("IfcFurniture", ((0, 0, 0.70, 0, 0, 0.04),), round_m=0.40),
    "Counter": Piece("IfcFurniture", ((-1.8, -0.35, 0, 3.6, 0.7, 1.05),)),
    "Sofa": Piece("IfcFurniture", ((-1.0, -0.42, 0.15, 2.0, 0.84, 0.28), (-1.0, 0.22, 0.43, 2.0, 0.20, 0.35))),
    "Shelf": Piece("IfcFurniture", ((-0.6, -0.2, 0, 1.2, 0.4, 2.1),)),
    "WC pan": Piece("IfcSanitaryTerminal", ((-0.19, -0.30, 0, 0.38, 0.45, 0.40), (-0.20, 0.15, 0, 0.40, 0.16, 0.80))),
    "Wash basin": Piece("IfcSanitaryTerminal", ((-0.28, -0.22, 0.75, 0.56, 0.44, 0.15),)),
    "Cabinet": Piece("IfcElectricDistributionBoard", ((-0.4, -0.4, 0, 0.8, 0.8, 2.0),)),
    "Boiler": Piece("IfcBoiler", ((0, 0, 0.1, 0, 0, 1.8),), round_m=0.55),
}


def layout(room: Room, y0: float, y1: float) -> list[Placed]:
    """What stands in the room, by the name of its layout."""
    return list(LAYOUTS[room.furniture](room, y0, y1)) if room.furniture in LAYOUTS else []


def _desks(room: Room, y0: float, y1: float) -> Iterator[Placed]:
    """Pairs of desks face to face, along the façade side of the room."""
    middle = y0 + 2.3 if y0 < 1 else y1 - 2.3
    x = room.x0 + 1.7
    while x + 1.5 < room.x1:
        yield Placed("Desk", x, middle - 0.42)
        yield Placed("Desk", x, middle + 0.42)
        yield Placed("Chair", x, middle - 1.15, 180)
        yield Placed("Chair", x, middle + 1.15)
        x += 3.4


def _seminar(room: Room, y0: float, _y1: float) -> Iterator[Placed]:
    for column in range(3):
        x = room.x0 + 2.2 + column * 2.4
        for y in (y0 + 1.5, y0 + 3.9):
            yield Placed("Desk", x, y, 90)
            yield Placed("Chair", x + 0.75, y + 0.35, -90)
            yield Placed("Chair", x + 0.75, y - 0.35, -90)


def _meeting(room: Room, y0: float, y1: float) -> Iterator[Placed]:
    x, y = (room.x0 + room.x1) / 2, (y0 + y1) / 2 + 0.4
    yield Placed("Meeting table", x, y)
    for offset in (-0.75, 0.0, 0.75):
        yield Placed("Chair", x + offset, y + 0.85)
        yield Placed("Chair", x + offset, y - 0.85, 180)


def _board(room: Room, y0: float, y1: float) -> Iterator[Placed]:
    x, y = (room.x0 + room.x1) / 2, (y0 + y1) / 2 - 0.3
    yield Placed("Board table", x, y)
    for step in range(5):
        yield Placed("Chair", x - 1.8 + 0.9 * step, y + 0.95)
        yield Placed("Chair", x - 1.8 + 0.9 * step, y - 0.95, 180)


def _cafe(room: Room, y0: float, y1: float) -> Iterator[Placed]:
    yield Placed("Counter", room.x0 + 2.6, y1 - 1.6)
    for x in (room.x0 + 5.6, room.x0 + 7.9, room.x0 + 10.2):
        for y in (y0 + 1.6, y0 + 4.4):
            yield Placed("Café table", x, y)
            yield Placed("Chair", x + 0.65, y, -90)
            yield Placed("Chair", x - 0.65, y, 90)


def _reception(room: Room, y0: float, _y1: float) -> Iterator[Placed]:
    yield Placed("Counter", room.x0 + 2.2, y0 + 3.0, 90)
    yield Placed("Chair", room.x0 + 1.4, y0 + 3.0, 90)
    yield Placed("Sofa", room.x1 - 1.0, y0 + 2.2, -90)
    yield Placed("Sofa", room.x1 - 2.7, y0 + 0.7, 180)
    yield Placed("Café table", room.x1 - 2.6, y0 + 2.3)


def _small_office(room: Room, y0: float, _y1: float) -> Iterator[Placed]:
    x = (room.x0 + room.x1) / 2
    yield Placed("Desk", x, y0 + 2.3)
    yield Placed("Chair", x, y0 + 1.6, 180)
    yield Placed("Chair", x, y0 + 3.1)
    yield Placed("Shelf", room.x1 - 0.3, y0 + 4.2, 90)


def _director(room: Room, y0: float, _y1: float) -> Iterator[Placed]:
    yield from _small_office(room, y0, _y1)
    yield Placed("Sofa", room.x0 + 0.6, y0 + 2.2, 90)
    yield Placed("Café table", room.x0 + 1.8, y0 + 2.2)


def _shelves(room: Room, y0: float, _y1: float) -> Iterator[Placed]:
    for x in (room.x0 + 1.2, room.x0 + 2.9, room.x0 + 4.6, room.x0 + 6.2):
        yield Placed("Shelf", x, y0 + 2.6, 90)
        yield Placed("Shelf", x, y0 + 4.2, 90)


def _plant(room: Room, y0: float, y1: float) -> Iterator[Placed]:
    for step in range(3):
        yield Placed("Cabinet", room.x0 + 0.9 + step, y1 - 0.8)
    if room.x1 - room.x0 > 6:
        yield Placed("Boiler", room.x1 - 1.6, y0 + 1.6)
        yield Placed("Boiler", room.x1 - 1.6, y0 + 3.4)


def _wc(room: Room, y0: float, y1: float) -> Iterator[Placed]:
    for cubicle in range(3):
        yield Placed("WC pan", room.x0 + 0.75 + cubicle * 1.45, y1 - 0.55)
    for basin in range(2):
        yield Placed("Wash basin", room.x1 - 0.26, y0 + 1.0 + basin * 0.9, -90)


LAYOUTS: dict[str, Callable[[Room, float, float], Iterator[Placed]]] = {
    "desks": _desks,
    "seminar": _seminar,
    "meeting": _meeting,
    "board": _board,
    "cafe": _cafe,
    "reception": _reception,
    "small_office": _small_office,
    "director": _director,
    "shelves": _shelves,
    "plant": _plant,
    "wc": _wc,
}
