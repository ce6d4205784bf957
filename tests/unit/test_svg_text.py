"""Escaped text and compact paths."""

from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from arxos.domain.buildings.svg_text import Sheet
from arxos.domain.markup import safe


@given(st.text(max_size=300))
def test_any_text_is_xml_once_safe(text: str) -> None:
    element = fromstring(f'<a b="{safe(text)}">{safe(text)}</a>')

    assert element.get("b") == (element.text or "")


@given(st.text(max_size=500), st.integers(1, 100))
def test_safe_text_is_at_most_as_long_as_told(text: str, limit: int) -> None:
    element = fromstring(f"<a>{safe(text, limit)}</a>")

    assert len(element.text or "") <= limit


def test_safe_text_is_one_line() -> None:
    assert safe("a\nb\t c ") == "a b c"


def test_a_path_is_in_whole_millimetres_with_y_downwards() -> None:
    assert Sheet(0.0, 2.0).path([box(0, 0, 1, 2)]) in (
        "M1000 2000l0 -2000 -1000 0 0 2000z",
        "M0 2000l0 -2000 1000 0 0 2000z",
        "M1000 2000l-1000 0 0 -2000 1000 0z",
        "M0 2000l1000 0 0 -2000 -1000 0z",
    )


def test_holes_are_part_of_the_path() -> None:
    ring = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])

    assert Sheet(0, 4).path([MultiPolygon([ring])]).count("z") == 2


def test_lines_stay_open() -> None:
    assert Sheet(0, 0).path([LineString([(0, 0), (1, 0)])]) == "M0 0l1000 0"


@pytest.mark.parametrize("nothing", [Polygon(), MultiPolygon(), Point(1, 1), box(0, 0, 0.0001, 0.0001)])
def test_what_has_no_size_has_no_path(nothing: Polygon) -> None:
    assert Sheet(0, 0).path([nothing]) == ""
