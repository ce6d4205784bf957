"""A floor plan as a value: what stands on one floor, and the remarks on it. Metres, model axes; drawn elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import shapely
from shapely import MultiPolygon, Point

from arxos.domain.buildings.findings import Finding, Severity, ValidationReport
from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.spatial_index import Element, Floor, Space

OVERHEAD_M = 2.2  # above the floor: shafts of roof lights, gables, bulkheads begin higher


class Role(StrEnum):
    """What an element is on a plan."""

    WALL = "wall"
    COLUMN = "column"
    DOOR = "door"
    WINDOW = "window"
    STAIR = "stair"
    FURNITURE = "furniture"
    OTHER = "other"
    SURFACE = "surface"  # slabs, roofs, coverings: they cover the floor and hide everything else


# By the beginning of the class's name: IfcWallStandardCase and IfcDoorStandardCase need no entry.
_ROLES: Mapping[str, Role] = {
    "IfcWall": Role.WALL,
    "IfcCurtainWall": Role.WALL,
    "IfcColumn": Role.COLUMN,
    "IfcPile": Role.COLUMN,
    "IfcDoor": Role.DOOR,
    "IfcWindow": Role.WINDOW,
    "IfcStair": Role.STAIR,
    "IfcRamp": Role.STAIR,
    "IfcFurni": Role.FURNITURE,
    "IfcSystemFurniture": Role.FURNITURE,
    "IfcSanitary": Role.FURNITURE,
    "IfcFlowTerminal": Role.FURNITURE,
    "IfcSlab": Role.SURFACE,
    "IfcRoof": Role.SURFACE,
    "IfcCovering": Role.SURFACE,
    "IfcFooting": Role.SURFACE,
    "IfcEarthworks": Role.SURFACE,
    "IfcGeographic": Role.SURFACE,
}


def role_of(ifc_class: str) -> Role:
    """The role that a class plays on plans: ``IfcWallStandardCase`` is a wall, ``IfcBoiler`` something other."""
    return next((role for start, role in _ROLES.items() if ifc_class.startswith(start)), Role.OTHER)


@dataclass(frozen=True, slots=True)
class Remark:
    """All findings of one rule on this floor. `number` counts from 1, worst first; `places`: those that have one."""

    number: int
    rule: str
    title: str
    severity: Severity
    findings: tuple[Finding, ...]
    places: tuple[tuple[Point, Finding], ...]


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """One floor, ready to draw. `true_north_deg`: clockwise from the model's y axis."""

    building_name: str
    floor: Floor
    spaces: tuple[Space, ...]
    elements: tuple[Element, ...]
    remarks: tuple[Remark, ...]
    true_north_deg: float
    georeference: GeoReference | None
    revision: int

    def shapes(self, *roles: Role) -> list[MultiPolygon]:
        """The footprints of the elements in these roles; walls that begin overhead are cut by no plan."""
        return [
            element.footprint
            for element in self.elements
            if element.footprint is not None
            and (role := role_of(element.ifc_class)) in roles
            and not (role is Role.WALL and self._is_overhead(element))
        ]

    def _is_overhead(self, element: Element) -> bool:
        level = self.floor.z_min
        return level is not None and element.box is not None and element.box.z_min > level + OVERHEAD_M

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """(x_min, y_min, x_max, y_max) of all that has a footprint, None where nothing has."""
        shapes = [shape for shape in (self.floor.outline, *(s.footprint for s in self.spaces)) if shape is not None]
        shapes += [e.footprint for e in self.elements if e.footprint is not None]
        if not shapes:
            return None
        x0, y0, x1, y1 = shapely.total_bounds(shapes)
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def area_m2(self) -> float:
        """The sum of its spaces' footprints."""
        return sum(space.area_m2 or 0.0 for space in self.spaces)


def remarks_on(floor: Floor, places: Iterable[Space | Element], report: ValidationReport | None) -> tuple[Remark, ...]:
    """What the report says of this floor and of what stands on it: one remark a rule, errors first, then by rule id."""
    if report is None:
        return ()
    where = {floor.global_id: None, **{place.global_id: place.footprint for place in places}}
    by_rule: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.global_id in where:
            by_rule.setdefault(finding.rule, []).append(finding)
    titles = {rule.id: rule.title for rule in report.rules}
    order = list(Severity)
    ranked = sorted(by_rule.items(), key=lambda item: (order.index(item[1][0].severity), item[0]))
    return tuple(
        _remark(number, rule, titles.get(rule, rule), found, where)
        for number, (rule, found) in enumerate(ranked, start=1)
    )


def _remark(
    number: int, rule: str, title: str, found: Sequence[Finding], where: Mapping[str, MultiPolygon | None]
) -> Remark:
    places = tuple(
        (shape.representative_point(), finding)
        for finding in found
        if finding.global_id is not None and (shape := where[finding.global_id]) is not None and not shape.is_empty
    )
    return Remark(number, rule, title, found[0].severity, tuple(found), places)
