"""The table of guarantees is made of what was measured."""

import pytest

from tests.faults.oracle import Figures
from tests.faults.report import BEGIN, END, inserted, promises, table

ONE = Figures(12, "Redis restarted empty", "cpu", 100, 0, 0, 3.04, "test_a")
TWO = Figures(12, "Redis restarted empty", "io", 50, 1, 2, 11.5, "test_a")


def test_variants_of_a_scenario_share_a_row_with_the_slowest_recovery() -> None:
    assert table([ONE, TWO]).splitlines()[2:] == [
        "| 12 | Redis restarted empty (cpu, io) | 150 | 1 | 2 | 3.0 to 11.5 | `test_a` |"
    ]


def test_a_promise_has_all_that_tried_it_together() -> None:
    paused = Figures(8, "paused beyond its lease", "", 5, 0, 0, 13.0, "test_b")
    rows = promises([ONE, TWO, paused]).splitlines()[2:]
    assert rows[0] == "| 1 | 8, 12 | 3 | 155 | 1 | 2 | 11.5 | 13.0 |"
    assert [row[:9] for row in rows] == ["| 1 | 8, ", "| 2 | 8, ", "| 4 | 8 |", "| 5 | 8 |", "| 6 | 12 "]


def test_the_old_table_goes_and_the_text_around_it_stays() -> None:
    page = inserted(f"before\n{BEGIN}\nold\n{END}\nafter\n", [ONE], "2026-01-02")
    assert page.startswith(f"before\n{BEGIN}\nMeasured on 2026-01-02")
    assert "old" not in page
    assert page.endswith(f"{END}\nafter\n")


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="figures: begin"):
        inserted("nothing here", [ONE], "2026-01-02")
