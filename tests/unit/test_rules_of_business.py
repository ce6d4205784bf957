"""The business rules on the neutral model, and how rules are run."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import arxos.domain.buildings.rules
from arxos.domain.buildings.findings import Severity, Verdict
from arxos.domain.buildings.model import BuildingModel, GeoReference, ModelElement, ModelFloor, ModelSpace
from arxos.domain.buildings.rules.rule import MAX_FINDINGS, MAX_TEXT, Checks, Fault, judge_by, report_of, rule, rules_in
from arxos.domain.buildings.validate_model import judge_business_rules
from arxos.domain.errors import CancelledError

RULES = {found.id: found for found in rules_in(arxos.domain.buildings.rules)}
GROUND, FIRST = ModelFloor("f0", "Ground", 0.0), ModelFloor("f1", "First", 3.0)
ROOM = ModelSpace("s1", "101", "Office", "f0", 20.0, 60.0)
WALL = ModelElement("e1", "IfcWall", "W-01", "f0")
HOUSE = BuildingModel(
    schema="IFC4", project_name="P", site_name=None, building_name="House", address="Dam 1, Amsterdam", unit_scale=1.0,
    true_north_deg=0.0, georeference=GeoReference("test", latitude=52.0, longitude=5.0), floors=(GROUND, FIRST),
    spaces=(ROOM,), elements=(WALL, ModelElement("e2", "IfcSlab", None, "f1")),
)  # fmt: skip


def test_a_model_in_order_has_no_findings() -> None:
    report = judge_business_rules(HOUSE)
    assert report.valid
    assert report.findings == ()
    assert {outcome.verdict for outcome in report.rules} == {Verdict.PASSED}


def test_an_empty_model_is_valid() -> None:
    assert judge_business_rules(replace(HOUSE, floors=(), spaces=(), elements=())).valid


@pytest.mark.parametrize(
    ("rule_id", "changes"),
    [
        ("ARX001", {"floors": ()}),
        ("ARX002", {"floors": (replace(GROUND, name=None),)}),
        ("ARX003", {"floors": (GROUND, replace(FIRST, name=" ground "))}),
        ("ARX004", {"floors": (replace(GROUND, elevation_m=None),)}),
        ("ARX005", {"floors": (GROUND, replace(FIRST, elevation_m=0.005))}),
        ("ARX006", {"floors": (GROUND, replace(FIRST, elevation_m=3000.0))}),
        ("ARX007", {"elements": (WALL,)}),
        ("ARX008", {"floors": (FIRST, GROUND)}),
        ("ARX101", {"spaces": (replace(ROOM, floor_id=None),)}),
        ("ARX102", {"spaces": (replace(ROOM, name=None, long_name=None),)}),
        ("ARX103", {"spaces": (ROOM, replace(ROOM, global_id="s2"))}),
        ("ARX104", {"spaces": (replace(ROOM, volume_m3=60_000.0),)}),
        ("ARX104", {"spaces": (replace(ROOM, volume_m3=0.06),)}),
        ("ARX111", {"elements": (replace(WALL, floor_id=None),)}),
        ("ARX201", {"elements": (WALL, WALL)}),
        ("ARX201", {"floors": (GROUND, replace(FIRST, global_id="e1"))}),
        ("ARX202", {"building_name": None, "project_name": None}),
        ("ARX203", {"address": None}),
        ("ARX204", {"georeference": None}),
    ],
)
def test_a_model_out_of_order_fails_the_rule_and_says_where(rule_id: str, changes: dict[str, Any]) -> None:
    judgement = judge_by(RULES[rule_id], replace(HOUSE, **changes))
    assert judgement.outcome.verdict is Verdict.FAILED
    assert judgement.findings[0].rule == rule_id
    assert judgement.findings[0].global_id or judgement.findings[0].subject


def test_every_business_rule_has_a_model_that_fails_it() -> None:
    tested = test_a_model_out_of_order_fails_the_rule_and_says_where.pytestmark[0].args[1]
    assert {rule_id for rule_id, _ in tested} == set(RULES)


def test_only_global_ids_used_twice_make_a_model_invalid() -> None:
    assert {found.id for found in RULES.values() if found.severity is Severity.ERROR} == {"ARX201"}


def asked(check: Callable[[int], Checks]) -> Any:
    return rule("T1", "Test", severity=Severity.ERROR)(check)


def test_a_check_that_looks_at_nothing_does_not_apply() -> None:
    def check(_subject: int) -> Checks:
        yield from ()

    assert judge_by(asked(check), 0).outcome.verdict is Verdict.NOT_APPLICABLE


def test_a_check_that_crashes_is_inconclusive_and_makes_the_report_invalid() -> None:
    def check(_subject: int) -> Checks:
        yield Fault("found before")
        raise KeyError("bug")

    judgement = judge_by(asked(check), 0)

    assert judgement.outcome.verdict is Verdict.INCONCLUSIVE
    assert [finding.message for finding in judgement.findings] == ["found before", "the check crashed: KeyError: 'bug'"]
    assert not report_of("IFC4", [judgement]).valid


def test_a_crash_before_any_finding_is_no_pass_either() -> None:
    def check(_subject: int) -> Checks:
        yield None
        raise ZeroDivisionError

    assert not report_of("IFC4", [judge_by(asked(check), 0)]).valid


def test_cancellation_is_no_crash() -> None:
    def check(_subject: int) -> Checks:
        yield None
        raise CancelledError

    with pytest.raises(CancelledError):
        judge_by(asked(check), 0)


def test_findings_are_capped_but_counted() -> None:
    def check(_subject: int) -> Checks:
        yield from (Fault(str(number)) for number in range(MAX_FINDINGS + 50))

    judgement = judge_by(asked(check), 0)
    assert (len(judgement.findings), judgement.outcome.findings) == (MAX_FINDINGS, MAX_FINDINGS + 50)


def test_a_megabyte_of_text_is_cut() -> None:
    def check(_subject: int) -> Checks:
        yield Fault("x" * 1_000_000, observed="y" * 1_000_000)

    finding = judge_by(asked(check), 0).findings[0]
    assert len(finding.message) <= MAX_TEXT
    assert len(finding.observed or "") <= MAX_TEXT
