"""Writes the sample building: `python examples/make_office.py [OUT]` (default: office.ifc beside this file).

An office of three floors in IFC4, georeferenced, with a postal address and with the deliberate faults that README.md
lists. The same bytes on every run. Metres.
"""

import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import office_furniture
from ifcwriter import BoxSize, Entity, IfcWriter
from office_openings import Hole, Wall, door_boxes, window_boxes, windows_of
from office_plan import (
    CORE,
    CORRIDOR_NORTH,
    CORRIDOR_SOUTH,
    DEPTH,
    EXTERIOR,
    FLOORS,
    LENGTH,
    NORTH_ROW,
    PARTITION,
    SLAB,
    SOUTH_ROW,
    STAIR,
    STOREY_HEIGHT,
    WALL_HEIGHT,
    FloorPlan,
    Room,
)

RISER, TREAD, FLIGHT_WIDTH, RISERS = 0.18, 0.28, 1.35, 10
LANDING_Y = 13.20  # where the lower flight ends and the landing begins
STAIR_FOOT_Y = LANDING_Y - (RISERS - 1) * TREAD


class Office:
    """The building in the making. Collects what each storey contains and each type defines until `finish`."""

    def __init__(self) -> None:
        self.ifc = IfcWriter("Example office")
        self.site = self.ifc.product("IfcSite", "Beispielallee", self.ifc.place(), CompositionType="ELEMENT")
        self.building = self.ifc.product(
            "IfcBuilding",
            "Arxos House",
            self.ifc.place(within=self.site),
            CompositionType="ELEMENT",
            BuildingAddress=self._address(),
        )
        self.ifc.aggregate(self.ifc.project, [self.site])
        self.ifc.aggregate(self.site, [self.building])
        self.ifc.georeference(25832, eastings=565_820.0, northings=5_933_140.0, height=6.2, rotation_deg=18.0)
        # The x axis lies 18° from grid east; grid north stands 0.8° east of true north at this place.
        self.ifc.true_north(17.2)
        self.types: dict[str, Entity] = {}
        self.occurrences: dict[str, list[Entity]] = defaultdict(list)
        self.walls: list[Wall] = []

    def _address(self) -> Entity:
        return self.ifc.make(
            "IfcPostalAddress",
            Purpose="SITE",
            AddressLines=["Beispielallee 12"],
            Town="Hamburg",
            PostalCode="20457",
            Country="Germany",
        )

    def write(self, path: Path) -> None:
        storeys = [self._storey(plan, index * STOREY_HEIGHT) for index, plan in enumerate(FLOORS)]
        self.ifc.aggregate(self.building, storeys)
        self._stray_space()
        for key, product_type in self.types.items():
            self.ifc.define(product_type, self.occurrences[key])
        self.ifc.finish(path)

    def _storey(self, plan: FloorPlan, elevation: float) -> Entity:
        placement = self.ifc.place(z=elevation, within=self.building)
        storey = self.ifc.product(
            "IfcBuildingStorey", plan.name, placement, CompositionType="ELEMENT", Elevation=elevation
        )
        floor = Floor(self, plan, storey)
        floor.build()
        self.ifc.aggregate(storey, floor.spaces)
        self.ifc.contain(storey, floor.elements)
        return storey

    def _stray_space(self) -> None:
        """Deliberate fault: a space that belongs to no floor."""
        shape = self.ifc.shape(self.ifc.box(-4.2, 9.0, 0.0, 3.8, 5.0, 2.6))
        placement = self.ifc.place(within=self.building)
        space = self.ifc.product(
            "IfcSpace", "0.09", placement, shape, LongName="Bicycle store", PredefinedType="EXTERNAL"
        )
        self.ifc.quantities(space, "Qto_SpaceBaseQuantities", {"GrossFloorArea": ("Area", 19.0)})

    def occurrence(self, key: str, product: Entity) -> Entity:
        self.occurrences[key].append(product)
        return product

    def wall_type(self, thickness: float, title: str) -> str:
        key = f"{title} {round(thickness * 1000)}"
        if key not in self.types:
            self.types[key] = self.ifc.product_type("IfcWallType", key, PredefinedType="SOLIDWALL")
            external = self.ifc.measure("IfcBoolean", thickness == EXTERIOR)
            bearing = self.ifc.measure("IfcBoolean", thickness >= CORE)
            rating = self.ifc.measure("IfcLabel", "REI 90" if thickness >= CORE else "EI 30")
            values = {"IsExternal": external, "LoadBearing": bearing, "FireRating": rating}
            self.ifc.type_properties(self.types[key], "Pset_WallCommon", values)
        return key

    def filling_type(self, ifc_class: str, hole: Hole, thickness: float) -> str:
        """The door or window type of that size, its shape centred on the wall's middle at the sill."""
        key = f"{ifc_class[3:]} {round(hole.width * 1000)} × {round(hole.height * 1000)} / {round(thickness * 1000)}"
        if key not in self.types:
            boxes = door_boxes(hole, thickness) if ifc_class == "IfcDoor" else window_boxes(hole)
            solids = [self.ifc.box(*box) for box in boxes]
            double = hole.width > 1.4
            operation = "DOUBLE_DOOR_SINGLE_SWING" if double else "SINGLE_SWING_LEFT"
            kind = (
                {"OperationType": operation}
                if ifc_class == "IfcDoor"
                else {"PartitioningType": "DOUBLE_PANEL_VERTICAL"}
            )
            self.types[key] = self.ifc.product_type(
                f"{ifc_class}Type", key, solids, PredefinedType=ifc_class[3:].upper(), **kind
            )
            external = self.ifc.measure("IfcBoolean", thickness == EXTERIOR)
            self.ifc.type_properties(self.types[key], f"Pset_{ifc_class[3:]}Common", {"IsExternal": external})
        return key

    def piece_type(self, kind: str) -> str:
        if kind not in self.types:
            piece = office_furniture.PIECES[kind]
            radius = piece.round_m
            solids = [
                self.ifc.cylinder(0, 0, box[2], radius, box[5]) if radius else self.ifc.box(*box) for box in piece.boxes
            ]
            more = {"AssemblyPlace": "FACTORY"} if piece.ifc_class == "IfcFurniture" else {}
            attributes = {"PredefinedType": PREDEFINED[kind], **more}
            self.types[kind] = self.ifc.product_type(f"{piece.ifc_class}Type", kind, solids, **attributes)
        return kind


class Floor:
    """One storey's rooms, walls and contents."""

    def __init__(self, office: Office, plan: FloorPlan, storey: Entity) -> None:
        self.office, self.plan, self.storey, self.ifc = office, plan, storey, office.ifc
        self.elements: list[Entity] = []
        self.spaces: list[Entity] = []

    def build(self) -> None:
        self._slabs()
        self._facade()
        for rooms, row, corridor_wall_y in (
            (self.plan.south, SOUTH_ROW, CORRIDOR_SOUTH - PARTITION),
            (self.plan.north, NORTH_ROW, CORRIDOR_NORTH),
        ):
            self._partitions(rooms, row)
            self._corridor_walls(rooms, corridor_wall_y)
            for room in rooms:
                self._room(room, row)
        self._corridor_space()
        for x, y in self.plan.columns:
            self._column(x, y)
        if self.plan is not FLOORS[-1]:
            self._stair()

    def _add(self, ifc_class: str, name: str | None, x: float, y: float, shape: Entity, **more: object) -> Entity:
        z, turn = float(str(more.pop("z", 0.0))), float(str(more.pop("turn_deg", 0.0)))
        placement = self.ifc.place(x, y, z, turn_deg=turn, within=self.storey)
        element = self.ifc.product(ifc_class, name, placement, shape, **more)
        self.elements.append(element)
        return element

    # Slabs, columns, stair

    def _slabs(self) -> None:
        ground, top = self.plan is FLOORS[0], self.plan is FLOORS[-1]
        kind = "BASESLAB" if ground else "FLOOR"
        slab = self._slab(f"Slab {self.plan.name.lower()}", -SLAB, kind)
        if not ground:
            self._stairwell(slab)
        if top:
            self._slab("Roof slab", WALL_HEIGHT, "ROOF")

    def _slab(self, name: str, z: float, kind: str) -> Entity:
        shape = self.ifc.shape(self.ifc.box(0, 0, 0, LENGTH, DEPTH, SLAB))
        return self._add("IfcSlab", name, 0, 0, shape, z=z, PredefinedType=kind)

    def _stairwell(self, slab: Entity) -> None:
        x0, x1 = STAIR
        box = self.ifc.box(x0, STAIR_FOOT_Y, -0.1, x1 - x0, NORTH_ROW[1] - STAIR_FOOT_Y, SLAB + 0.2)
        placement = self.ifc.place(within=slab)
        opening = self.ifc.product(
            "IfcOpeningElement", "Stairwell", placement, self.ifc.shape(box), PredefinedType="OPENING"
        )
        self.ifc.cut(slab, opening)

    def _column(self, x: float, y: float) -> None:
        shape = self.ifc.shape(self.ifc.cylinder(0, 0, 0, 0.2, WALL_HEIGHT))
        self._add("IfcColumn", f"Column {x:g}/{y:g}", x, y, shape, PredefinedType="COLUMN")

    def _stair(self) -> None:
        name = f"Stair {self.plan.name.lower()}"
        stair = self._add("IfcStair", name, 0, 0, None, PredefinedType="HALF_TURN_STAIR")
        x0, x1 = STAIR
        half = RISERS * RISER
        up = [
            (x1 - FLIGHT_WIDTH, STAIR_FOOT_Y + i * TREAD, 0.0, FLIGHT_WIDTH, TREAD, RISER * (i + 1))
            for i in range(RISERS - 1)
        ]
        back = [
            (x0, LANDING_Y - (i + 1) * TREAD, half - 0.1, FLIGHT_WIDTH, TREAD, RISER * (i + 1) + 0.1)
            for i in range(RISERS - 1)
        ]
        landing = [(x0, LANDING_Y, half - 0.2, x1 - x0, NORTH_ROW[1] - LANDING_Y, 0.2)]
        middle = (x0 + x1) / 2
        rail = [(middle - 0.03, STAIR_FOOT_Y, 0.0, 0.06, LANDING_Y - STAIR_FOOT_Y, half + 0.9)]
        parts = [
            self._part(stair, "IfcStairFlight", f"{name}, lower flight", up, "STRAIGHT"),
            self._part(stair, "IfcStairFlight", f"{name}, upper flight", back, "STRAIGHT"),
            self._part(stair, "IfcSlab", f"{name}, landing", landing, "LANDING"),
            self._part(stair, "IfcRailing", f"{name}, railing", rail, "GUARDRAIL"),
        ]
        self.ifc.aggregate(stair, parts)

    def _part(self, whole: Entity, ifc_class: str, name: str, boxes: list[BoxSize], kind: str) -> Entity:
        shape = self.ifc.shape(*(self.ifc.box(*box) for box in boxes))
        return self.ifc.product(ifc_class, name, self.ifc.place(within=whole), shape, PredefinedType=kind)

    # Walls, doors, windows

    def _facade(self) -> None:
        south = self._wall("South wall", 0, 0, LENGTH, EXTERIOR, "Exterior wall")
        north = self._wall("North wall", 0, DEPTH - EXTERIOR, LENGTH, DEPTH, "Exterior wall")
        west = self._wall("West wall", 0, EXTERIOR, EXTERIOR, DEPTH - EXTERIOR, "Exterior wall")
        east = self._wall("East wall", LENGTH - EXTERIOR, EXTERIOR, LENGTH, DEPTH - EXTERIOR, "Exterior wall")
        middle = (CORRIDOR_SOUTH + CORRIDOR_NORTH) / 2
        self._cut(west, Hole(middle, 1.2, 2.4, 0.4), "IfcWindow")
        if "E" in self.plan.entrances:
            self._cut(east, Hole(middle, 1.6, 2.3), "IfcDoor")
        else:
            self._cut(east, Hole(middle, 1.2, 2.4, 0.4), "IfcWindow")
        entrance = Hole(15.0, 2.0, 2.4)
        if "S" in self.plan.entrances:
            self._cut(south, entrance, "IfcDoor")
        for wall, rooms in ((south, self.plan.south), (north, self.plan.north)):
            for room in rooms:
                for hole in windows_of(room):
                    if wall is north or "S" not in self.plan.entrances or abs(hole.at - entrance.at) > 2.1:
                        self._cut(wall, hole, "IfcWindow")

    def _partitions(self, rooms: tuple[Room, ...], row: tuple[float, float]) -> None:
        for room, neighbour in pairwise(rooms):
            title = "Core wall" if neighbour.x0 - room.x1 > PARTITION + 0.01 else "Partition"
            beside_open = room.open_to_corridor or neighbour.open_to_corridor
            end = row[1] + PARTITION if beside_open else row[1]  # no corridor wall to end at
            self._wall(f"{title} {room.number} | {neighbour.number}", room.x1, row[0], neighbour.x0, end, title)

    def _corridor_walls(self, rooms: tuple[Room, ...], y: float) -> None:
        """One wall a run of closed rooms; a room open to the corridor interrupts it."""
        run: list[Room] = []
        for room in (*rooms, None):
            if room is not None and not room.open_to_corridor:
                run.append(room)
            elif run:
                wall = self._wall(
                    f"Corridor wall {run[0].number} – {run[-1].number}",
                    run[0].x0,
                    y,
                    run[-1].x1,
                    y + PARTITION,
                    "Partition",
                )
                for door in (door for closed in run for door in closed.doors):
                    self._cut(wall, Hole(door, 1.01, 2.13), "IfcDoor")
                run = []

    def _wall(self, name: str, x0: float, y0: float, x1: float, y1: float, title: str) -> Wall:
        shape = self.ifc.shape(self.ifc.box(0, 0, 0, x1 - x0, y1 - y0, WALL_HEIGHT))
        entity = self._add("IfcWall", name, x0, y0, shape)  # its type says what sort of wall it is
        wall = Wall(entity, x0, y0, x1, y1)
        self.office.occurrence(self.office.wall_type(wall.thickness, title), entity)
        return wall

    def _cut(self, wall: Wall, hole: Hole, ifc_class: str) -> None:
        """Cut the hole into the wall and set the door or window into it."""
        x, y = (hole.at, (wall.y0 + wall.y1) / 2) if wall.along_x else ((wall.x0 + wall.x1) / 2, hole.at)
        turn = 0.0 if wall.along_x else 90.0
        depth = wall.thickness + 0.02
        void = self.ifc.shape(self.ifc.box(-hole.width / 2, -depth / 2, 0, hole.width, depth, hole.height))
        placement = self.ifc.place(x - wall.x0, y - wall.y0, hole.sill, turn_deg=turn, within=wall.entity)
        name = f"{ifc_class[3:]} {'W' if ifc_class == 'IfcWindow' else 'D'}{len(self.elements):03}"
        opening = self.ifc.product("IfcOpeningElement", f"Opening of {name}", placement, void, PredefinedType="OPENING")
        key = self.office.filling_type(ifc_class, hole, wall.thickness)
        shape = self.ifc.mapped_shape(self.office.types[key])
        size = {"OverallHeight": hole.height, "OverallWidth": hole.width}
        filler = self._add(ifc_class, name, x, y, shape, z=hole.sill, turn_deg=turn, **size)
        self.office.occurrence(key, filler)
        self.ifc.cut(wall.entity, opening, filler)

    # Rooms

    def _room(self, room: Room, row: tuple[float, float]) -> None:
        y0, y1 = row if not room.open_to_corridor else (row[0], CORRIDOR_SOUTH)
        self._space(room.number, room.title, room.x0, y0, room.x1, y1)
        if room.furniture == "wc":
            for step in (1, 2):
                x = room.x0 + 1.47 * step
                shape = self.ifc.shape(self.ifc.box(0, 0, 0, 0.04, 1.5, 2.1))
                self._add("IfcWall", f"Cubicle {room.number} {step}", x, y1 - 1.5, shape, PredefinedType="PARTITIONING")
        for number, placed in enumerate(office_furniture.layout(room, y0, y1), start=1):
            self._furnish(room, number, placed)

    def _furnish(self, room: Room, number: int, placed: office_furniture.Placed) -> None:
        key = self.office.piece_type(placed.kind)
        shape = self.ifc.mapped_shape(self.office.types[key])
        ifc_class = office_furniture.PIECES[placed.kind].ifc_class
        name = f"{placed.kind} {room.number}-{number}"
        element = self._add(ifc_class, name, placed.x, placed.y, shape, turn_deg=placed.turn_deg)
        self.office.occurrence(key, element)
        if name == "Sofa 0.02-3":
            self.elements.remove(element)  # Deliberate fault: an element in no spatial container.
        if name == "Board table 2.05-1":
            element.PredefinedType = "USERDEFINED"  # Deliberate fault: user-defined, but as what? ObjectType is empty.

    def _corridor_space(self) -> None:
        number = f"{FLOORS.index(self.plan)}.00"
        self._space(number, self.plan.corridor, EXTERIOR, CORRIDOR_SOUTH, LENGTH - EXTERIOR, CORRIDOR_NORTH)

    def _space(self, number: str, title: str, x0: float, y0: float, x1: float, y1: float) -> None:
        length, depth, height = x1 - x0, y1 - y0, 3.0
        # Deliberate fault: the plant room's volume is in litres, though the file declares cubic metres.
        volume = length * depth * height * (1000 if number == "0.07" else 1)
        shape = self.ifc.shape(self.ifc.box(0, 0, 0, length, depth, height))
        placement = self.ifc.place(x0, y0, within=self.storey)
        space = self.ifc.product(
            "IfcSpace", number, placement, shape, LongName=title, CompositionType="ELEMENT", PredefinedType="INTERNAL"
        )
        self.ifc.quantities(
            space,
            "Qto_SpaceBaseQuantities",
            {
                "Height": ("Length", height),
                "GrossPerimeter": ("Length", 2 * (length + depth)),
                "GrossFloorArea": ("Area", length * depth),
                "GrossVolume": ("Volume", volume),
            },
        )
        self.ifc.properties(space, "Pset_SpaceCommon", {"IsExternal": self.ifc.measure("IfcBoolean", False)})
        self.spaces.append(space)


PREDEFINED = {
    "Desk": "DESK",
    "Chair": "CHAIR",
    "Meeting table": "TABLE",
    "Board table": "TABLE",
    "Café table": "TABLE",
    "Counter": "TABLE",
    "Sofa": "SOFA",
    "Shelf": "SHELF",
    "WC pan": "TOILETPAN",
    "Wash basin": "WASHHANDBASIN",
    "Cabinet": "DISTRIBUTIONBOARD",
    "Boiler": "WATER",
}


def main(argv: list[str]) -> int:
    """Write the file; returns the exit code."""
    path = Path(argv[0]) if argv else Path(__file__).with_name("office.ifc")
    Office().write(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
