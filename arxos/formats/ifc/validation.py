"""All checks of the IFC format itself, in one report."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import arxos.formats.ifc.rules
from arxos.domain.buildings.findings import RuleOutcome, ValidationReport, Verdict
from arxos.domain.buildings.model_reader import Progress
from arxos.domain.buildings.rules.rule import Judgement, Rule, judge_by, report_of, rules_in
from arxos.formats.ifc.header_policy import HEADER_RULES
from arxos.formats.ifc.ifc_model import IfcModel
from arxos.formats.ifc.schema_check import EXPRESS, SCHEMA

_SYNTAX = Judgement(RuleOutcome("SYNTAX", "The file is well-formed (ISO 10303-21)", Verdict.PASSED))


@cache
def normative_rules() -> tuple[Rule[Any], ...]:
    """Every normative rule, by id."""
    return rules_in(arxos.formats.ifc.rules)


def validate(model: IfcModel, *, express: bool, progress: Progress) -> ValidationReport:
    """Judge the model by every rule there is; `express` adds the schema's own WHERE rules (slow)."""
    return report_of(model.header.schema, _judgements(model, progress, express=express))


def _judgements(model: IfcModel, progress: Progress, *, express: bool) -> Iterator[Judgement]:
    yield _SYNTAX
    for header_rule in HEADER_RULES:
        yield judge_by(header_rule, model.header)
    asked = (SCHEMA, *((EXPRESS,) if express else ()), *normative_rules())
    for number, normative_rule in enumerate(asked):
        progress(number / len(asked), normative_rule.id)
        yield judge_by(normative_rule, model)
