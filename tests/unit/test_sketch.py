"""Percentiles are within 1 % of the true ones, however values are split and put together again."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.rollups.sketch import ACCURACY, BINS_PER_E, Sketch, merged

SECONDS = st.floats(min_value=1e-6, max_value=1e6) | st.just(0.0)
VALUES = st.lists(SECONDS, min_size=1, max_size=300)


def sketch(values: list[float]) -> Sketch:
    made = Sketch()
    for value in values:
        made.add(value)
    return made


@given(values=VALUES, share=st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_every_percentile_is_within_one_percent(values: list[float], share: float) -> None:
    true = sorted(values)[int(share * (len(values) - 1))]
    assert sketch(values).quantile(share) == pytest.approx(true, rel=ACCURACY * 1.0001, abs=1e-9)


@given(values=VALUES, cut=st.integers(min_value=0, max_value=300))
def test_parts_put_together_are_the_whole(values: list[float], cut: int) -> None:
    whole, parts = sketch(values), [sketch(values[:cut]), sketch(values[cut:])]
    assert merged(parts).bins() == whole.bins()


@given(values=VALUES)
def test_what_was_written_down_is_read_again(values: list[float]) -> None:
    again = Sketch.of(sketch(values).bins())
    assert (again.bins(), again.count) == (sketch(values).bins(), len(values))


@given(value=st.floats(min_value=1e-6, max_value=1e6))
def test_others_count_by_the_same_bins(value: float) -> None:
    """As the database does: by the natural logarithm."""
    [key] = sketch([value]).bins()
    assert abs(int(key) - math.ceil(math.log(value) * BINS_PER_E)) <= (0 if abs(math.log(value)) > 1e-9 else 1)


def test_values_above_a_limit_are_counted() -> None:
    assert sketch([0.1, 0.19, 0.21, 0.3, 5.0]).above(0.2) == 3
    assert sketch([0.0, 0.1]).above(0.2) == 0
