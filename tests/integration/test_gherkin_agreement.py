"""buildingSMART's own cases for its rules: how far we agree, rule by rule."""

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.domain.buildings.rules.rule import judge_by
from arxos.domain.errors import UnsupportedSchemaError
from arxos.formats.ifc.ifc_model import IfcModel
from arxos.formats.ifc.reader import IfcReader, OpenIfc
from arxos.formats.ifc.validation import normative_rules

EXPECTED = {"pass": Verdict.PASSED, "fail": Verdict.FAILED, "na": Verdict.NOT_APPLICABLE}
RULES = {rule.id: rule for rule in normative_rules()}
CASES_AT_LEAST = 239


def model_of(path: Path) -> IfcModel:
    opened = IfcReader().open(path, checked=True)
    assert isinstance(opened, OpenIfc)
    return opened.model


def verdict(rule: str, path: Path) -> Verdict:
    try:
        return judge_by(RULES[rule], model_of(path)).outcome.verdict
    except UnsupportedSchemaError:  # which is how a file fails the rule on official versions
        return Verdict.FAILED if rule == "IFC101" else Verdict.INCONCLUSIVE


def table(agreed: Mapping[str, list[bool]]) -> str:
    return ", ".join(f"{rule} {sum(cases)}/{len(cases)}" for rule, cases in sorted(agreed.items()))


def test_every_case_of_every_implemented_rule_agrees(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agreed: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    folder = shared_data / "gherkin-cases"
    for row in csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()):
        if row["rule"] in RULES:
            found = verdict(row["rule"], folder / row["path"])
            agreed[row["rule"]].append(found is EXPECTED[row["expected"]])
            wrong += [] if agreed[row["rule"]][-1] else [f"{row['case']}: {found}"]
    with capsys.disabled():
        sys.stdout.write("\nagreement: " + table(agreed) + "\n")
    assert wrong == []
    assert sum(map(len, agreed.values())) >= CASES_AT_LEAST
