"""What cannot be stored is refused before it is tried, with its place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.storable import DEEPEST, check_json, checked_text

ANY_TEXT = st.text(st.characters(exclude_categories=[]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(ANY_TEXT, inside, max_size=3),
    max_leaves=10,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(("value", "says"), [
    ({"a": {"b": "x\0"}}, "'a.b' has a NUL"),
    ({"a": {"b\0": 1}}, "has a NUL"),
    ({"a": ["\ud800"]}, "'a.0' has half of a surrogate pair"),
    ({"a\udfff": 1}, "has half of a surrogate pair"),
    ({"a": float("nan")}, "'a' is no finite number"),
    ({"a": [1, float("-inf")]}, "'a.1' is no finite number"),
    ({"a": 10**1001}, "'a' is a number of more than 1,000 digits"),
    (nested(DEEPEST + 1), "nested more than 32 deep"),
    (nested(100_000), "nested more than 32 deep"),
], ids=["NUL", "NUL in a name", "half", "half in a name", "nan", "inf", "number", "deep", "very deep"])  # fmt: skip
def test_it_is_refused_with_its_place(value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace(".", r"\.")):
        check_json(value)


@pytest.mark.parametrize("value", [
    {}, {"a": 1e308}, {"a": -0.0}, {"a": 5e-324}, {"a": 2**63}, {"a": -(10**999)}, {"a": "\U0010ffff"}, nested(DEEPEST),
], ids=["empty", "huge", "minus nought", "tiny", "beyond bigint", "long", "last character", "deep"])  # fmt: skip
def test_the_rest_is_taken(value: Any) -> None:
    check_json(value)


@given(JSON)
def test_what_is_taken_is_text_that_any_database_and_page_can_hold(value: Any) -> None:
    try:
        check_json(value)
    except ValueError:
        return
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    assert "\0" not in text.encode().decode()
    assert "\\u0000" not in json.dumps(value)


def test_a_text_is_given_back_as_it_is() -> None:
    assert checked_text("Straße 🏠") == "Straße 🏠"
