"""Small floor plans to test with."""

from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element as XmlElement
from xml.etree.ElementTree import fromstring

from arxos.domain.buildings.findings import Finding, RuleOutcome, Severity, ValidationReport, Verdict
from arxos.domain.buildings.plan import FloorPlan, remarks_on
from arxos.domain.buildings.plan_svg import draw_plan
from arxos.domain.buildings.spatial_index import Element, Space
from tests.building_builders import a_floor, a_space, an_element, plan

SVG = "{http://www.w3.org/2000/svg}"


def a_plan(**more: Any) -> FloorPlan:
    """A room of 6 × 4 m with a door in its south wall, a window in its north wall and a desk."""
    floor = a_floor("Ground", 0.0, outline=plan(-0.2, -0.2, 6.2, 4.2))
    values: dict[str, Any] = {
        "building_name": "Town hall",
        "floor": floor,
        "spaces": (a_space((0, 0, 0), (6, 4, 3), floor.id, name="101", long_name="Office"),),
        "elements": (
            an_element((-0.2, -0.2, 0), (6.2, 0, 3), floor.id, name="South"),
            an_element((-0.2, 4, 0), (6.2, 4.2, 3), floor.id, name="North"),
            an_element((1, -0.15, 0), (2, -0.05, 2.1), floor.id, ifc_class="IfcDoor", name="Door"),
            an_element((2, 4.05, 0.9), (4, 4.15, 2), floor.id, ifc_class="IfcWindow", name="Window"),
            an_element((4, 1, 0), (5.6, 1.8, 0.7), floor.id, ifc_class="IfcFurniture", name="Desk"),
        ),
        "remarks": (),
        "true_north_deg": 0.0,
        "georeference": None,
        "revision": 1,
    }
    return FloorPlan(**(values | more))


def a_finding(global_id: str, rule: str = "ARX101", severity: Severity = Severity.WARNING) -> Finding:
    return Finding(rule, severity, "something is wrong", global_id, "IfcSpace '101'")


def a_report(*findings: Finding) -> ValidationReport:
    rules = dict.fromkeys(finding.rule for finding in findings)
    outcomes = (
        RuleOutcome(rule, f"Title of {rule}", Verdict.FAILED, sum(f.rule == rule for f in findings)) for rule in rules
    )
    return ValidationReport("IFC4", tuple(outcomes), findings)


def remarked(given: FloorPlan, *findings: Finding) -> FloorPlan:
    return replace(given, remarks=remarks_on(given.floor, places_of(given), a_report(*findings)))


def places_of(given: FloorPlan) -> list[Space | Element]:
    return [*given.spaces, *given.elements]


def drawn(given: FloorPlan) -> XmlElement:
    return fromstring(draw_plan(given))


def texts(svg: XmlElement) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]


def of_class(svg: XmlElement, name: str) -> list[XmlElement]:
    return [item for item in svg.iter() if name in item.get("class", "").split()]
