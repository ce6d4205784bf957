"""A building's outline as a small drawing."""

from xml.etree import ElementTree as ET

import pytest
from shapely import MultiPolygon, Polygon, box

from arxos.domain.buildings.outline_svg import draw_outline


def drawn(outline: MultiPolygon, north: float = 0.0) -> ET.Element:
    text = draw_outline(outline, north)
    assert text is not None
    return ET.fromstring(text)


def size(element: ET.Element) -> tuple[int, int]:
    """Width and height of what is drawn, its margin left out."""
    x, _, width, height = map(int, element.attrib["viewBox"].split())
    return width + 2 * x, height + 2 * x


def test_an_outline_is_drawn_in_its_size() -> None:
    svg = drawn(MultiPolygon([box(0, 0, 40, 10)]))
    assert size(svg) == (40_000, 10_000)
    assert "40.0 by 10.0 metres" in svg.attrib["aria-label"]
    assert svg[0].attrib["d"].count("M") == 1


def test_north_is_up() -> None:
    # True north lies along the model's x axis: turned by a quarter, its length stands upright.
    assert size(drawn(MultiPolygon([box(0, 0, 40, 10)]), 90)) == (10_000, 40_000)


def test_courtyards_stay_open() -> None:
    hole = [(10, 10), (20, 10), (20, 20), (10, 20)]
    svg = drawn(MultiPolygon([Polygon(box(0, 0, 30, 30).exterior, [hole])]))
    assert svg[0].attrib["d"].count("M") == 2
    assert svg[0].attrib["fill-rule"] == "evenodd"


@pytest.mark.parametrize("nothing", [None, MultiPolygon()])
def test_nothing_has_no_outline(nothing: MultiPolygon | None) -> None:
    assert draw_outline(nothing) is None
