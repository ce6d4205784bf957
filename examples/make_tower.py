"""Writes a big building: `python examples/make_tower.py --floors 40 --rooms 30 tower.ifc`.

Every floor has two rows of equal rooms on a corridor; a room is a space, walls, door, window, desk and chair.
Some 6 elements a room: 40 floors of 30 rooms have 7,400. The same bytes on every run. Metres.
"""

import argparse
import sys
from pathlib import Path

from ifcwriter import Entity, IfcWriter

ROOM, DEPTH, CORRIDOR, WALL, HEIGHT, STOREY = 4.0, 5.0, 2.0, 0.2, 3.0, 3.3


class Tower:
    """The building in the making; shapes are shared between floors."""

    def __init__(self, floors: int, rooms: int) -> None:
        self.floors, self.columns, self.rooms = floors, (rooms + 1) // 2, rooms
        self.length = self.columns * ROOM + WALL
        self.ifc = IfcWriter(f"Tower of {floors} floors")
        furniture = {"AssemblyPlace": "FACTORY"}
        hinged, single = {"OperationType": "SINGLE_SWING_LEFT"}, {"PartitioningType": "SINGLE_PANEL"}
        self.types = {
            "wall": self._type("IfcWallType", "Cross wall", (0, 0, 0, WALL, DEPTH, HEIGHT), "SOLIDWALL"),
            "long": self._type("IfcWallType", "Long wall", (0, 0, 0, self.length, WALL, HEIGHT), "SOLIDWALL"),
            "slab": self._type("IfcSlabType", "Slab", (0, 0, -0.25, self.length, self.depth, 0.25), "FLOOR"),
            "door": self._type("IfcDoorType", "Door", (0, 0.05, 0, 0.9, 0.1, 2.1), "DOOR", **hinged),
            "window": self._type("IfcWindowType", "Window", (0, 0.05, 0, 1.6, 0.1, 1.4), "WINDOW", **single),
            "desk": self._type("IfcFurnitureType", "Desk", (0, 0, 0.7, 1.6, 0.8, 0.04), "DESK", **furniture),
            "chair": self._type("IfcFurnitureType", "Chair", (0, 0, 0, 0.5, 0.5, 0.45), "CHAIR", **furniture),
        }
        self.occurrences: dict[str, list[Entity]] = {key: [] for key in self.types}

    @property
    def depth(self) -> float:
        return 2 * DEPTH + CORRIDOR + 4 * WALL

    def _type(self, ifc_class: str, name: str, box: tuple[float, ...], kind: str, **more: str) -> Entity:
        x, y, z, length, depth, height = box
        solids = [self.ifc.box(x, y, z, length, depth, height)]
        return self.ifc.product_type(ifc_class, name, solids, PredefinedType=kind, **more)

    def write(self, path: Path) -> None:
        site = self.ifc.product("IfcSite", "Site", self.ifc.place(), CompositionType="ELEMENT")
        place = self.ifc.place(within=site)
        building = self.ifc.product("IfcBuilding", "Tower", place, CompositionType="ELEMENT")
        self.ifc.aggregate(self.ifc.project, [site])
        self.ifc.aggregate(site, [building])
        self.ifc.aggregate(building, [self._floor(number, building) for number in range(self.floors)])
        for key, product_type in self.types.items():
            self.ifc.define(product_type, self.occurrences[key])
        self.ifc.finish(path)

    def _floor(self, number: int, building: Entity) -> Entity:
        elevation = round(number * STOREY, 3)
        place = self.ifc.place(z=elevation, within=building)
        name = f"Floor {number:02}"
        storey = self.ifc.product("IfcBuildingStorey", name, place, CompositionType="ELEMENT", Elevation=elevation)
        elements = [self._element("IfcSlab", "slab", f"Slab {number:02}", 0, 0, 0, storey)]
        spaces: list[Entity] = []
        for row, y in enumerate((0.0, DEPTH + 2 * WALL + CORRIDOR)):
            elements += self._row(number, row, y, storey, spaces)
        self.ifc.aggregate(storey, spaces)
        self.ifc.contain(storey, elements)
        return storey

    def _row(self, number: int, row: int, y: float, storey: Entity, spaces: list[Entity]) -> list[Entity]:
        """A row of rooms from y: its outer and its corridor wall, cross walls, and what is in each room."""
        low, high = (
            self._wall(f"{number:02} {row} {side}", at, storey) for side, at in (("a", y), ("b", y + WALL + DEPTH))
        )
        facade, corridor = (low, high) if row == 0 else (high, low)
        made = [low, high]
        rooms = self.columns if row == 0 else self.rooms - self.columns
        for column in range(rooms + 1):
            x = column * ROOM
            made.append(
                self._element("IfcWall", "wall", f"Cross wall {number:02}.{row}{column:03}", x, y + WALL, 0, storey)
            )
            if column < rooms:
                label = f"{number:02}.{row}{column + 1:03}"
                spaces.append(self._space(label, x + WALL, y + WALL, storey))
                made += self._hole(corridor, "IfcDoor", "door", label, (x + 1.0, 0.0, 0.9, 2.1), storey)
                made += self._hole(facade, "IfcWindow", "window", label, (x + 1.2, 0.9, 1.6, 1.4), storey)
                made.append(self._element("IfcFurniture", "desk", f"Desk {label}", x + 1.2, y + 2.4, 0, storey))
                made.append(self._element("IfcFurniture", "chair", f"Chair {label}", x + 1.7, y + 1.8, 0, storey))
        return made

    def _wall(self, label: str, y: float, storey: Entity) -> Entity:
        return self._element("IfcWall", "long", f"Long wall {label}", 0, y, 0, storey)

    def _space(self, label: str, x: float, y: float, storey: Entity) -> Entity:
        width = ROOM - WALL
        shape = self.ifc.shape(self.ifc.box(0, 0, 0, width, DEPTH, HEIGHT))
        place = self.ifc.place(x, y, within=storey)
        attributes = {"LongName": "Room", "CompositionType": "ELEMENT", "PredefinedType": "INTERNAL"}
        space = self.ifc.product("IfcSpace", label, place, shape, **attributes)
        self.ifc.quantities(space, "Qto_SpaceBaseQuantities", {"GrossFloorArea": ("Area", width * DEPTH)})
        return space

    def _hole(
        self,
        wall: Entity,
        ifc_class: str,
        key: str,
        label: str,
        size: tuple[float, float, float, float],
        storey: Entity,
    ) -> list[Entity]:
        """An opening in the wall and what fills it. `size`: x, sill, width, height."""
        x, sill, width, height = size
        void = self.ifc.shape(self.ifc.box(0, -0.05, 0, width, WALL + 0.1, height))
        name = f"{ifc_class[3:]} {label}"
        place = self.ifc.place(x, 0, sill, within=wall)
        opening = self.ifc.product("IfcOpeningElement", f"Opening of {name}", place, void, PredefinedType="OPENING")
        y = wall.ObjectPlacement.RelativePlacement.Location.Coordinates[1]
        filler = self._element(ifc_class, key, name, x, y, sill, storey)
        filler.OverallWidth, filler.OverallHeight = width, height
        self.ifc.cut(wall, opening, filler)
        return [filler]

    def _element(self, ifc_class: str, key: str, name: str, x: float, y: float, z: float, storey: Entity) -> Entity:
        shape = self.ifc.mapped_shape(self.types[key])
        element = self.ifc.product(ifc_class, name, self.ifc.place(x, y, z, within=storey), shape)
        self.occurrences[key].append(element)
        return element


def main(argv: list[str]) -> int:
    """Write the file; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write a tower of N floors with M rooms each as IFC4.")
    parser.add_argument("--floors", type=_positive, default=40, metavar="N")
    parser.add_argument("--rooms", type=_positive, default=30, metavar="M")
    parser.add_argument("out", type=Path, metavar="OUT")
    given = parser.parse_args(argv)
    Tower(given.floors, given.rooms).write(given.out)
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
