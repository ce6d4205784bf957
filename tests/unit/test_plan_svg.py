"""Floor plans as SVG."""

import re
from dataclasses import replace
from time import perf_counter

import pytest

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.model_reader import GeometryState
from arxos.domain.buildings.plan_svg import draw_plan
from tests.building_builders import a_floor, a_space, an_element, plan
from tests.plan_builders import SVG, a_finding, a_plan, drawn, of_class, remarked, texts

HOSTILE = (
    "<script>alert(1)</script>",
    '"><image href="http://evil.example/x.png"/>',
    "</title></svg><h1>",
    "a & b &lt; &#0;",
    "nul \x00 bell \x07 half \ud800 end \ufffe",
    "turn \u202e dnuora",
    "]]><!-- --><?php ?>",
    "'; drop table spaces; --",
    "x" * 5000,
    "line\nbreak\ttab",
)  # fmt: skip


def test_a_plan_names_building_floor_level_and_area() -> None:
    said = " ".join(texts(drawn(a_plan())))

    for words in ("Ground", "Town hall", "level +0.00 m", "1 space", "24 m²", "revision 1"):
        assert words in said


def test_a_room_is_labelled_with_number_name_and_area() -> None:
    assert any("101" in text and "Office" in text and "24.0 m²" in text for text in texts(drawn(a_plan())))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_strangers_stay_text(name: str) -> None:
    floor = a_floor(name, 0.0)
    space = a_space((0, 0, 0), (40, 30, 3), floor.id, name=name, long_name=name)
    given = a_plan(building_name=name, floor=floor, spaces=(space,))

    svg = drawn(remarked(given, replace(a_finding(space.global_id), message=name, subject=name)))

    known = {"svg", "title", "desc", "style", "rect", "g", "path", "text", "tspan", "circle"}
    assert {item.tag.removeprefix(SVG) for item in svg.iter()} <= known


@pytest.mark.parametrize("name", HOSTILE)
def test_no_plan_fetches_or_runs_anything(name: str) -> None:
    svg = drawn(a_plan(building_name=name))

    assert not [key for item in svg.iter() for key in item.attrib if "href" in key or key.startswith("on")]
    assert not re.search(r"url\(|@import", "".join(style.text or "" for style in svg.iter(f"{SVG}style")))


def test_the_same_plan_is_drawn_the_same() -> None:
    given = a_plan()

    assert draw_plan(given) == draw_plan(given)


def test_walls_are_cut_where_doors_and_windows_are() -> None:
    cut, whole = drawn(a_plan()), drawn(a_plan(elements=a_plan().elements[:2]))

    assert len(of_class(cut, "wall")[0].get("d", "")) > len(of_class(whole, "wall")[0].get("d", ""))
    assert of_class(cut, "window")
    assert not of_class(whole, "window")


def test_a_door_has_a_leaf_and_a_swing_into_the_room() -> None:
    svg = drawn(a_plan())

    [swing] = of_class(svg, "swing")
    # The room lies to the north: up on the sheet, so the tip is above the wall's northern face (y 4200 mm down).
    tip = re.match(r"M(-?\d+) (-?\d+)A1000 1000", swing.get("d", ""))
    assert tip is not None
    assert int(tip[2]) == 3200


def test_a_gate_too_wide_to_swing_has_no_leaf() -> None:
    floor = a_floor()
    gate = an_element((0, 0, 0), (5, 0.2, 3), floor.id, ifc_class="IfcDoor")

    assert not of_class(drawn(a_plan(elements=(gate,))), "swing")


def test_a_wall_that_begins_overhead_is_not_drawn() -> None:
    floor = a_floor(z_min=3.0, z_max=6.0)
    shaft = an_element((1, 1, 5.6), (2, 1.1, 7), floor.id)

    assert not of_class(drawn(a_plan(floor=floor, elements=(shaft,))), "wall")


def test_a_wide_door_has_two_leaves() -> None:
    gate = an_element((1, -0.15, 0), (3, -0.05, 2.1), ifc_class="IfcDoor")

    [swing] = of_class(drawn(a_plan(elements=(*a_plan().elements[:2], gate))), "swing")

    assert swing.get("d", "").count("A1000 1000") == 2


@pytest.mark.parametrize(
    ("degrees", "said"), [(17.2, "rotate(17.2)"), (-90.0, "rotate(-90.0)"), (180.0, "rotate(180.0)")]
)
def test_the_north_arrow_turns(degrees: float, said: str) -> None:
    [north] = of_class(drawn(a_plan(true_north_deg=degrees)), "north")

    assert said in north.get("transform", "")


def test_the_north_arrow_points_up_where_north_is_up() -> None:
    [north] = of_class(drawn(a_plan()), "north")

    assert "rotate" not in north.get("transform", "")


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    svg = drawn(a_plan())

    bars = [rect for rect in svg.iter(f"{SVG}rect") if {"bar", "hollow"} & set(rect.get("class", "").split())]
    length = sum(int(bar.get("width", "0")) for bar in bars)
    [said] = [text for text in texts(svg) if re.fullmatch(r"[\d.]+ m", text)]
    assert length == float(said.removesuffix(" m")) * 1000


def test_findings_are_marked_where_they_are_and_explained() -> None:
    given = a_plan()
    desk = given.elements[4]

    svg = drawn(remarked(given, a_finding(desk.global_id, "OJT001", Severity.ERROR)))

    marks = [(int(m.get("cx", "0")), int(m.get("cy", "0"))) for m in of_class(svg, "mark")]
    assert (5000, 2800) in marks  # the desk's middle: 5.0 − (−0.2) east, 4.2 − 1.4 down
    assert any("Title of OJT001 (OJT001)" in text for text in texts(svg))
    assert of_class(svg, "error")


def test_findings_elsewhere_are_not_on_this_floor() -> None:
    assert remarked(a_plan(), a_finding("somewhere else")).remarks == ()


def test_a_finding_on_a_thing_without_shape_is_in_the_legend_only() -> None:
    given = a_plan()

    svg = drawn(remarked(given, a_finding(given.floor.global_id)))

    assert len(of_class(svg, "mark")) == 1
    assert any("ARX101" in text for text in texts(svg))


def test_a_room_with_findings_is_tinted() -> None:
    given = a_plan()

    assert of_class(drawn(remarked(given, a_finding(given.spaces[0].global_id))), "noted")
    assert not of_class(drawn(given), "noted")


def test_a_long_legend_is_cut_and_says_so() -> None:
    given = a_plan()
    findings = [a_finding(given.spaces[0].global_id, f"ARX{i:03}") for i in range(20)]

    assert any("8 more rules" in text for text in texts(drawn(remarked(given, *findings))))


def test_a_floor_without_anything_says_so() -> None:
    svg = drawn(a_plan(floor=a_floor("Attic", None), spaces=(), elements=()))

    assert "Nothing on this floor has a shape." in texts(svg)


def test_a_floor_without_spaces_is_drawn() -> None:
    svg = drawn(a_plan(spaces=()))

    assert of_class(svg, "wall")


def test_a_floor_without_a_name_or_level_is_drawn() -> None:
    assert "Unnamed floor" in texts(drawn(a_plan(floor=a_floor(None, None))))


def test_elements_whose_shape_failed_are_left_out() -> None:
    failed = an_element((0, 0, 0), (1, 1, 1), footprint=None, box=None, state=GeometryState.FAILED)

    drawn(a_plan(elements=(failed,)))


def test_plans_far_from_the_origin_keep_small_numbers() -> None:
    east, north = 565_820.0, 5_933_140.0
    floor = a_floor(outline=plan(east, north, east + 10, north + 10))

    text = draw_plan(a_plan(floor=floor, spaces=(), elements=()))

    assert not re.search(r"[ML]\d{6,}", text)


def test_everything_drawn_lies_on_the_sheet() -> None:
    svg = drawn(a_plan())

    x, y, width, height = map(int, svg.get("viewBox", "").split())
    for text in svg.iter(f"{SVG}text"):
        if text.get("x") and "font-size" in text.attrib:
            assert x <= int(text.get("x", "0")) <= x + width
    assert height > 0
    assert y < 0


def test_a_plan_tells_what_it_is_to_those_who_cannot_see_it() -> None:
    svg = drawn(a_plan())

    assert svg.get("role") == "img"
    title, about = svg.get("aria-labelledby", "").split()
    ids = {item.get("id"): item.text for item in svg.iter() if item.get("id")}
    assert ids[title] == "Town hall: Ground"
    assert "1 spaces" in str(ids[about])


def test_a_plan_follows_dark_preference() -> None:
    assert "prefers-color-scheme:dark" in draw_plan(a_plan())


def test_five_thousand_elements_are_drawn_in_seconds_and_stay_small() -> None:
    floor = a_floor()
    corners = [(i % 100 * 4.0, i // 100 * 5.0) for i in range(2500)]
    walls = [an_element((x, y, 0), (x + 4, y + 0.2, 3), floor.id) for x, y in corners]
    doors = [an_element((x + 1, y, 0), (x + 2, y + 0.2, 2), floor.id, ifc_class="IfcDoor") for x, y in corners]

    began = perf_counter()
    text = draw_plan(a_plan(floor=floor, spaces=(), elements=(*walls, *doors)))

    assert perf_counter() - began < 20
    assert len(text) < 1_000_000
