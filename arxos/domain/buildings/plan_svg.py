"""Draws a floor plan as SVG: text from values, nothing fetched, every name escaped.

One user unit is one millimetre on the ground. Colours follow the reader's light or dark preference.
"""

from collections.abc import Iterator, Sequence
from math import ceil, sqrt

import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry

from arxos.domain.buildings.plan import FloorPlan, Role
from arxos.domain.buildings.plan_labels import LINE_EM, labels
from arxos.domain.buildings.plan_marks import Crowd
from arxos.domain.buildings.plan_openings import Gap, Leaf, Rooms, Walls, leaves, treads
from arxos.domain.buildings.plan_sheet import legend, legend_height, marker, north_arrow, scale_bar, title_block
from arxos.domain.buildings.plan_style import style_sheet
from arxos.domain.buildings.spatial_index import Space
from arxos.domain.buildings.svg_text import Sheet
from arxos.domain.markup import safe

EMPTY_M = (0.0, 0.0, 16.0, 3.0)  # the sheet of a floor on which nothing has a shape
MARK_LIMIT = 400  # more would be a carpet, not a map


def draw_plan(plan: FloorPlan) -> str:
    """The whole SVG document."""
    return "".join(_Drawing(plan).document()) + "\n"


class _Drawing:
    """One plan on its sheet. `text`: the usual text height, in sheet millimetres."""

    def __init__(self, plan: FloorPlan) -> None:
        self.plan = plan
        x0, y0, x1, y1 = plan.bounds or EMPTY_M
        self.width, self.height = max(x1 - x0, 0.1), max(y1 - y0, 0.1)
        mean, longest = sqrt(self.width * self.height), max(self.width, self.height)
        self.text = max(ceil(1000 * max(mean / 54, longest / 120)), 20)
        self.sheet = Sheet(x0, y1)
        self.spaces = [space for space in plan.spaces if space.footprint is not None]
        self.noted = {finding.global_id for remark in plan.remarks for finding in remark.findings}
        self.walls = Walls(plan.shapes(Role.WALL, Role.COLUMN))
        self.doors, self.windows = self._gaps(Role.DOOR), self._gaps(Role.WINDOW)
        rooms = Rooms([space.footprint for space in self.spaces if space.footprint is not None], self.doors)
        self.leaves = [leaf for gap in self.doors for leaf in leaves(gap, self.walls, rooms)]
        self.labels = labels(plan.spaces, shapely.union_all(self._obstacles()), self.text / 1000)

    def _obstacles(self) -> list[BaseGeometry]:
        boxes = [shapely.envelope(shape) for shape in self.plan.shapes(Role.FURNITURE, Role.STAIR, Role.OTHER)]
        swings = [shapely.Polygon([leaf.hinge, leaf.tip, leaf.closed]) for leaf in self.leaves]
        return [*boxes, *swings, *self.plan.shapes(Role.COLUMN)]

    def document(self) -> Iterator[str]:
        margin, head = round(2.6 * self.text), round(7.6 * self.text)
        width, height = round(self.width * 1000), round(self.height * 1000)
        # A long, narrow plan still has room for its title and its legend.
        across = max(width, 40 * self.text)
        foot = round(5.2 * self.text) + legend_height(self.plan.remarks, self.text)
        box = (-margin, -head - margin, across + 2 * margin, height + head + foot + 2 * margin)
        yield from self._opening_tag(box)
        yield f'<rect class="paper" x="{box[0]}" y="{box[1]}" width="{box[2]}" height="{box[3]}"/>'
        yield f'<g transform="translate(0 {-head})">{"".join(title_block(self.plan, self.text))}</g>'
        yield north_arrow(self.plan.true_north_deg, across - 3 * self.text, round(3.1 * self.text) - head, self.text)
        yield from self._floor() if self.plan.bounds else self._nothing()
        below = height + round(2.2 * self.text)
        if self.plan.bounds:
            yield "<g>" + "".join(scale_bar(across / 1000, 0, below, self.text)) + "</g>"
        yield "<g>" + "".join(legend(self.plan.remarks, 0, below + round(3.9 * self.text), self.text)) + "</g></svg>"

    def _opening_tag(self, box: tuple[int, int, int, int]) -> Iterator[str]:
        floor = self.plan.floor
        title = f"{self.plan.building_name}: {floor.name or 'unnamed floor'}"
        found = sum(len(remark.findings) for remark in self.plan.remarks)
        about = f"Floor plan with {len(self.plan.spaces)} spaces and {found} findings. Door swings are schematic."
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[0]} {box[1]} {box[2]} {box[3]}" role="img"'
            f' aria-labelledby="title-{floor.id} about-{floor.id}"><title id="title-{floor.id}">{safe(title)}</title>'
            f'<desc id="about-{floor.id}">{safe(about)}</desc>{style_sheet()}'
        )

    def _nothing(self) -> Iterator[str]:
        x, y = round(self.width * 500), round(self.height * 500)
        note = "Nothing on this floor has a shape."
        yield f'<text class="mid soft" x="{x}" y="{y}" font-size="{self.text}">{note}</text>'

    # The floor, from below

    def _floor(self) -> Iterator[str]:
        outline = self.plan.floor.outline
        yield self._layer("slab", [outline] if outline is not None else [])
        yield from self._space_shapes()
        yield self._layer("other", self.plan.shapes(Role.OTHER))
        yield self._layer("furniture", self.plan.shapes(Role.FURNITURE))
        yield from self._stairs()
        yield from self._walls()
        yield from (part for space in self.spaces for part in self._label(space))
        yield from self._marks()

    def _layer(self, name: str, shapes: Sequence[BaseGeometry]) -> str:
        data = self.sheet.path(shapes)
        return f'<path class="{name}" d="{data}"/>' if data else ""

    def _space_shapes(self) -> Iterator[str]:
        for space in self.spaces:
            data = self.sheet.path([space.footprint] if space.footprint is not None else [])
            name = " ".join(filter(None, (space.name, space.long_name))) or "unnamed space"
            area = f", {space.area_m2:.1f} m²" if space.area_m2 is not None else ""
            kind = "space noted" if space.global_id in self.noted else "space"
            yield f'<path class="{kind}" d="{data}"><title>{safe(name)}{area}</title></path>' if data else ""

    def _stairs(self) -> Iterator[str]:
        flights = self.plan.shapes(Role.STAIR)
        yield self._layer("stair", flights)
        yield self._layer("tread", [line for flight in flights for line in treads(flight)])

    def _walls(self) -> Iterator[str]:
        yield self._layer("gap", [gap.outline() for gap in self.doors])
        yield self._layer("wall", [self.walls.cut([*self.doors, *self.windows])])
        yield self._layer("window", [gap.outline() for gap in self.windows])
        ends = ((gap.point(-gap.width / 2, 0.0), gap.point(gap.width / 2, 0.0)) for gap in self.windows)
        yield self._layer("pane", [shapely.LineString(pair) for pair in ends])
        if self.leaves:
            yield f'<path class="swing" d="{"".join(self._swing(leaf) for leaf in self.leaves)}"/>'
            yield self._layer("leaf", [shapely.LineString([leaf.hinge, leaf.tip]) for leaf in self.leaves])

    def _gaps(self, role: Role) -> list[Gap]:
        found = (self.walls.gap(shape) for shape in self.plan.shapes(role))
        return [gap for gap in found if gap is not None]

    def _swing(self, leaf: Leaf) -> str:
        """A quarter circle from the open tip to where the tip rests when closed."""
        (hx, hy), (tx, ty), (cx, cy) = (self.sheet.point(p) for p in (leaf.hinge, leaf.tip, leaf.closed))
        radius = round(((tx - hx) ** 2 + (ty - hy) ** 2) ** 0.5)
        clockwise = int((tx - hx) * (cy - hy) - (ty - hy) * (cx - hx) > 0)
        return f"M{tx} {ty}A{radius} {radius} 0 0 {clockwise} {cx} {cy}"

    # What is written on it

    def _label(self, space: Space) -> Iterator[str]:
        label = self.labels.get(space.global_id)
        if label is None:
            return
        x, y = self.sheet.point((label.at.x, label.at.y))
        size = round(label.size * 1000)
        top = y - round(len(label.lines) * LINE_EM * size / 2)
        halo = "mid halo noted" if space.global_id in self.noted else "mid halo"
        yield f'<text class="{halo}" font-size="{size}" stroke-width="{round(size * 0.35)}">'
        for row, line in enumerate(label.lines):
            kind = "soft" if label.has_area and row == len(label.lines) - 1 else "strong"
            baseline = top + round((row + 0.82) * LINE_EM * size)
            yield f'<tspan class="{kind}" x="{x}" y="{baseline}">{safe(line, 60)}</tspan>'
        yield "</text>"

    def _marks(self) -> Iterator[str]:
        """A disc where each finding is: moved aside off others and labels, left out where its like is near."""
        radius = round(0.72 * self.text)
        crowd = Crowd(2.1 * radius / 1000, [label.box for label in self.labels.values()])
        places = [(remark, at, finding) for remark in self.plan.remarks for at, finding in remark.places]
        for remark, at, finding in places[:MARK_LIMIT]:
            place = crowd.admit(remark.number, self._mark_place(finding.global_id or "", at))
            if place is not None:
                x, y = self.sheet.point(place)
                tip = f"{finding.rule} {finding.severity.value}: {finding.subject or ''} {finding.message}"
                yield marker(remark, x, y, radius, tip)

    def _mark_place(self, global_id: str, at: Point) -> tuple[float, float]:
        """Above the label of a space; else on the thing itself."""
        label = self.labels.get(global_id)
        if label is None:
            return at.x, at.y
        x0, _, x1, y1 = label.box.bounds
        return (x0 + x1) / 2, y1 + 0.85 * self.text / 1000
