"""Validating a file: the report on readable files, and the one that a refusal becomes."""

from pathlib import Path

import pytest

from arxos.domain.buildings.findings import ValidationReport, Verdict
from arxos.domain.buildings.validate_model import validate_file
from arxos.formats.registry import installed_readers
from tests.step_files import step, written

WALL = "#1=IFCWALL('0000000000000000000001',$,'Wall',$,$,$,$,$,$);"


def report_on(folder: Path, content: bytes, *, express: bool = False) -> ValidationReport:
    path = written(folder, content)
    return validate_file(installed_readers(), path, path.name, express=express, progress=lambda _done, _note: None)


def verdicts(report: ValidationReport) -> dict[str, Verdict]:
    return {rule.id: rule.verdict for rule in report.rules}


def test_a_file_in_order_is_valid(tmp_path: Path) -> None:
    report = report_on(tmp_path, step())
    assert report.valid
    assert report.schema == "IFC4"
    assert verdicts(report)["SYNTAX"] is Verdict.PASSED


def test_header_schema_normative_and_business_rules_are_all_asked(tmp_path: Path) -> None:
    asked = set(verdicts(report_on(tmp_path, step(WALL))))
    assert {"SYNTAX", "header:author", "SCHEMA", "PJS003", "SPS005", "ARX001"} <= asked


@pytest.mark.parametrize(
    ("content", "rule", "message"),
    [
        (b"", "SYNTAX", "empty file 'house.ifc'"),
        (b"#dummy", "SYNTAX", 'line 1, column 1: expected "ISO-10303-21;"'),
        (step(WALL)[:-40], "SYNTAX", "but the file ends here"),
        (step(schema="IFC4X3_ADD1"), "IFC101", 'unsupported schema "IFC4X3_ADD1"'),
    ],
)
def test_a_refusal_is_a_report_that_names_the_place(tmp_path: Path, content: bytes, rule: str, message: str) -> None:
    report = report_on(tmp_path, content)
    assert not report.valid
    assert verdicts(report) == {rule: Verdict.FAILED}
    assert message in report.findings[0].message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("#1=IFCPERSONANDORGANIZATION(#7,#7,$);", "Instance reference #7 used by instance #1"),
        ("#1=IFCNONSENSE($);", "Entity with name 'IFCNONSENSE' not found in schema 'IFC4'"),
        ("#1=IFCPERSON($,$,'Ann');", "Expected 8 attribute values, found 3"),
        ("#1=IFCPERSON($,$,3,$,$,$,$,$);", "GivenName"),
        ("#1=IFCORGANIZATION($,$,$,$,$);", "IfcOrganization.Name: Attribute not optional"),
        (f"{WALL}\n{WALL.replace('#1', '#2')}", "The attribute GlobalId should be unique"),
    ],
)
def test_what_does_not_fit_the_schema_is_an_error(tmp_path: Path, data: str, message: str) -> None:
    report = report_on(tmp_path, step(data))
    assert not report.valid
    assert any(message in finding.message for finding in report.findings if finding.rule == "SCHEMA")


def test_a_schema_finding_carries_the_global_id(tmp_path: Path) -> None:
    report = report_on(tmp_path, step(WALL.replace("'Wall'", "5")))
    assert "0000000000000000000001" in {finding.global_id for finding in report.findings if finding.rule == "SCHEMA"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # IfcOpenShell leaves a file open
def test_express_rules_are_asked_on_demand(tmp_path: Path) -> None:
    data = "#1=IFCPERSON($,$,$,$,$,$,$,$);"  # WR: identified by something
    assert "EXPRESS" not in verdicts(report_on(tmp_path, step(data)))
    assert verdicts(report_on(tmp_path, step(data), express=True))["EXPRESS"] is Verdict.FAILED


def test_progress_runs_from_nothing_to_nearly_all(tmp_path: Path) -> None:
    path, seen = written(tmp_path, step(WALL)), list[float]()
    readers = installed_readers()
    validate_file(readers, path, path.name, express=False, progress=lambda done, _note: seen.append(done))
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] <= seen[-1] <= 1.0
