"""Points and boxes as people type them."""

import pytest
import typer

from arxos.cli import places


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1,2", (1.0, 2.0)), ("1.5,-2,3e1", (1.5, -2.0, 30.0)), (" 1 , 2 ", (1.0, 2.0)), ("0,0,0", (0.0, 0.0, 0.0))],
)
def test_a_point_is_two_or_three_numbers(text: str, numbers: tuple[float, ...]) -> None:
    assert places.point(text, "--at") == numbers


@pytest.mark.parametrize(
    "text", ["", "1", "1,2,3,4", "1;2", "one,two", "1,", ",", "nan,1", "inf,2", "1,2,-inf", "1e999,0"]
)
def test_nonsense_is_no_point(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--at"):
        places.point(text, "--at")


@pytest.mark.parametrize("text", ["0,0,1,1", "0,0,0,1,1,1", "-2,-2,-1,-1", "1,1,1,1"])
def test_a_box_has_two_corners(text: str) -> None:
    assert len(places.box(text)) in (4, 6)


@pytest.mark.parametrize("text", ["0,0,1", "0,0,0,1,1", "1,0,0,1", "0,0,5,1,1,4", "a,b,c,d"])
def test_nonsense_is_no_box(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--bbox"):
        places.box(text)


def test_near_needs_a_height() -> None:
    assert places.near("1,2,3") == (1.0, 2.0, 3.0)
    with pytest.raises(typer.BadParameter, match="--near"):
        places.near("1,2")
