"""Broken, odd and hostile files from public suites: each is judged as its own suite expects."""

import csv
from pathlib import Path

import pytest

from arxos.domain.buildings.findings import ValidationReport, Verdict
from arxos.domain.buildings.rules.rule import judge_by
from arxos.domain.buildings.validate_model import validate_file
from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.header_policy import HEADER_RULES
from arxos.formats.ifc.syntax import check_syntax, read_file_header
from arxos.formats.registry import installed_readers

POLICY = {rule.id: rule for rule in HEADER_RULES}


@pytest.fixture
def rows(shared_data: Path) -> list[dict[str, str]]:
    """The index, each path absolute."""
    folder = shared_data / "malformed"
    listed = list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))
    return [{**row, "path": str(folder / row["path"])} for row in listed]


def well_formed(path: str) -> bool:
    try:
        check_syntax(Path(path))
    except ModelRefusedError:
        return False
    return True


def report_on(path: str) -> ValidationReport:
    return validate_file(installed_readers(), Path(path), Path(path).name, express=False, progress=lambda _d, _n: None)


def test_every_syntax_case_is_judged_right(rows: list[dict[str, str]]) -> None:
    cases = [row for row in rows if row["rule"] in ("syntax", "step-syntax", "header_syntax", "xss+syntax")]
    wrong = [row["case"] for row in cases if well_formed(row["path"]) is not row["expected"].startswith("pass")]
    assert (len(cases) > 8, wrong) == (True, [])


def test_every_header_case_is_judged_right(rows: list[dict[str, str]]) -> None:
    cases = [row for row in rows if row["rule"] in POLICY]
    wrong = []
    for row in cases:
        found = judge_by(POLICY[row["rule"]], read_file_header(Path(row["path"]))).outcome.verdict
        expected = Verdict.PASSED if row["expected"] == "pass" else Verdict.FAILED
        wrong += [] if found is expected else [f"{row['rule']} {row['case']}"]
    assert (len(cases) > 30, wrong) == (True, [])


def test_a_valid_file_passes_syntax_and_schema(rows: list[dict[str, str]]) -> None:
    path = next(row["path"] for row in rows if row["case"] == "valid_file")
    verdicts = {rule.id: rule.verdict for rule in report_on(path).rules}
    assert (verdicts["SYNTAX"], verdicts["SCHEMA"]) == (Verdict.PASSED, Verdict.PASSED)


def test_every_file_ends_in_a_report(rows: list[dict[str, str]]) -> None:
    for row in rows:
        report = report_on(row["path"])
        assert report.rules
        assert all(rule.verdict is not Verdict.INCONCLUSIVE for rule in report.rules), row["case"]
