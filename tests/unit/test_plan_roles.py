"""What an element is on a plan, and how remarks are ordered."""

import pytest

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.plan import Role, remarks_on, role_of
from tests.plan_builders import a_finding, a_plan, a_report, remarked


@pytest.mark.parametrize(
    ("ifc_class", "role"),
    [
        ("IfcWall", Role.WALL),
        ("IfcWallStandardCase", Role.WALL),
        ("IfcDoorStandardCase", Role.DOOR),
        ("IfcStairFlight", Role.STAIR),
        ("IfcFurnishingElement", Role.FURNITURE),
        ("IfcSlab", Role.SURFACE),
        ("IfcBoiler", Role.OTHER),
        ("IfcBuildingElementProxy", Role.OTHER),
        ("", Role.OTHER),
    ],
)
def test_a_class_plays_its_role(ifc_class: str, role: Role) -> None:
    assert role_of(ifc_class) is role


def test_remarks_are_numbered_errors_first() -> None:
    given = a_plan()
    space = given.spaces[0].global_id
    findings = (a_finding(space, "A", Severity.INFO), a_finding(space, "B", Severity.ERROR), a_finding(space, "C"))

    remarks = remarked(given, *findings).remarks

    assert [(remark.number, remark.rule) for remark in remarks] == [(1, "B"), (2, "C"), (3, "A")]


def test_one_rule_is_one_remark_however_many_findings() -> None:
    given = a_plan()

    [remark] = remarked(given, *(a_finding(e.global_id) for e in given.elements)).remarks

    assert len(remark.findings) == len(remark.places) == 5


def test_without_a_report_nothing_is_remarked() -> None:
    given = a_plan()

    assert remarks_on(given.floor, given.spaces, None) == ()
    assert remarks_on(given.floor, given.spaces, a_report()) == ()


def test_a_plan_of_nothing_has_no_bounds() -> None:
    assert a_plan(floor=a_plan().floor, spaces=(), elements=()).bounds is not None  # its outline
    assert a_plan().bounds == (-0.2, -0.2, 6.2, 4.2)
