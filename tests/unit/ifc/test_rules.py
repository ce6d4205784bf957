"""What holds for all normative rules. Each family's own cases are in `test_rules_….py` beside this file."""

import pytest

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.rules.rule import judge_by
from tests.rule_cases import FAILED, NOT_APPLICABLE, PASSED, RULES, judged
from tests.step_files import Draft, header

EMPTY = {"IFC101": PASSED, "IFC102": PASSED, "PJS101": FAILED}  # what can be said of nothing at all


@pytest.mark.parametrize("rule", sorted(RULES))
def test_an_empty_model_concerns_hardly_any_rule(rule: str) -> None:
    assert judged(rule, Draft()).outcome.verdict is EMPTY.get(rule, NOT_APPLICABLE)


def test_every_rule_says_what_it_asks() -> None:
    assert all(rule.doc.endswith(".") and rule.title for rule in RULES.values())


def test_industry_practices_only_warn() -> None:
    warnings = {rule.id for rule in RULES.values() if rule.severity is Severity.WARNING}
    assert warnings == {"BLT003", "GEM051", "GEM052", "GRF003", "GRF005", "PJS101", "PSE002", "SPS008"}


def test_a_finding_names_the_instance_and_what_was_seen() -> None:
    draft = Draft()
    wall = draft.add("IfcWall", Name="W-01")
    found = judged("SPS005", draft).findings[0]
    assert (found.rule, found.global_id) == ("SPS005", wall.GlobalId)
    assert found.subject == f"IfcWall 'W-01' #{wall.id()}"
    assert (found.expected, found.observed) == ("1", "none")


def test_an_unofficial_version_fails() -> None:
    model = Draft().model()
    judgement = judge_by(RULES["IFC101"], type(model)(model.file, header(schema="IFC4X3_ADD1")))
    assert judgement.outcome.verdict is FAILED
