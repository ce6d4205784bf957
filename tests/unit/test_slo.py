"""Objectives by numbers that were worked out by hand, and their picture."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from arxos.domain.rollups.rows import Recoveries, Requests
from arxos.domain.rollups.sketch import Sketch
from arxos.domain.rollups.slo import Objective, slo_report
from arxos.domain.rollups.slo_svg import draw_slo, words

UNTIL = datetime(2026, 11, 25, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=30)
NOTHING = Requests(0, 0, 0, 0, Sketch())


def took(**seconds: int) -> Sketch:
    """`ms30=900`: 900 answers that took 30 ms."""
    made = Sketch()
    for name, count in seconds.items():
        made.add(int(name.removeprefix("ms")) / 1000, count)
    return made


def objectives(requests: Requests = NOTHING, *recoveries: float) -> dict[str, Objective]:
    report = slo_report(SINCE, UNTIL, requests, Recoveries(recoveries))
    return {one.name: one for one in report.objectives}


def test_the_latency_is_the_95th_percentile_and_a_twentieth_may_be_slower() -> None:
    one = objectives(Requests(1000, 0, 1, 0, took(ms30=960, ms900=40)))["latency"]
    assert one.value == pytest.approx(30, rel=0.01)
    assert (one.met, one.total, one.spent) == (True, 1000, 40)
    assert one.allowed == pytest.approx(50)
    assert one.burn == pytest.approx(0.8)
    slow = objectives(Requests(1000, 0, 1, 0, took(ms30=940, ms900=60)))["latency"]
    assert slow.value == pytest.approx(900, rel=0.01)
    assert (slow.met, slow.spent) == (False, 60)


@pytest.mark.parametrize(
    ("errors", "met", "burn"), [(0, True, 0.0), (9, True, 0.9), (10, False, 1.0), (20, False, 2.0)]
)
def test_one_request_of_a_thousand_may_fail(errors: int, met: bool, burn: float) -> None:
    one = objectives(Requests(10_000, errors, 1, 0, Sketch()))["errors"]
    assert one.value == pytest.approx(errors / 100)
    assert one.met is met
    assert one.burn == pytest.approx(burn)


@pytest.mark.parametrize(("bad", "met"), [(0, True), (43, True), (44, False)])
def test_of_a_month_43_minutes_may_be_bad(bad: int, met: bool) -> None:
    one = objectives(Requests(1, 0, 43_200, bad, Sketch()))["availability"]
    assert one.allowed == pytest.approx(43.2)
    assert one.met is met


def test_every_recovery_is_to_be_quick() -> None:
    assert objectives(NOTHING, 12.0, 299.0)["recovery"].met is True
    late = objectives(NOTHING, 12.0, 300.0)["recovery"]
    assert (late.value, late.met, late.spent, late.burn) == (300.0, False, 1, None)


def test_where_nothing_happened_nothing_is_missed() -> None:
    report = slo_report(SINCE, UNTIL, NOTHING, Recoveries(()))
    assert [(one.value, one.met, one.burn) for one in report.objectives] == [(None, None, None)] * 4
    assert report.met
    assert [words(one) for one in report.objectives] == ["nothing to measure"] * 4


def test_the_picture_shows_each_budget_and_what_is_overdrawn() -> None:
    requests = Requests(10_000, 20, 43_200, 30, took(ms30=10_000))
    drawn = draw_slo(slo_report(SINCE, UNTIL, requests, Recoveries((400.0,))))
    root = ET.fromstring(drawn)
    rects = [one.attrib for one in root if one.tag.endswith("rect") and one.get("class") != "room"]
    assert [one["class"] for one in rects] == ["well", "over", "near", "over"]
    assert [float(one["width"]) for one in rects] == [0.0, 300.0, pytest.approx(208.3, abs=0.1), 300.0]
    said = "".join(root.itertext())
    assert [said.count(word) for word in ("met", "missed")] == [2, 2]
    assert "0.2 %, 200 % of the budget spent" in said
    assert "400 s, 1 too slow" in said
