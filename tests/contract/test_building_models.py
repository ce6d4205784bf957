"""Models of buildings and the reports on them, in any store."""

from dataclasses import replace
from uuid import uuid4

import pytest

from arxos.domain.buildings.findings import Finding, RuleOutcome, Severity, ValidationReport, Verdict
from arxos.domain.buildings.repository import BuildingRepository
from arxos.domain.errors import NotFoundError
from tests.building_builders import a_building, a_model, an_index


def test_models_are_numbered_within_their_building(buildings: BuildingRepository) -> None:
    one, other = a_building(), a_building()
    buildings.add(one)
    buildings.add(other)

    revisions = [buildings.add_model(a_model(one.id, digit * 64)).revision for digit in "ab"]

    assert revisions == [1, 2]
    assert buildings.add_model(a_model(other.id, "b" * 64)).revision == 1


def test_the_same_bytes_again_are_no_new_model(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    first = buildings.add_model(a_model(building.id))
    second = buildings.add_model(a_model(building.id))
    assert (first.is_new, second.is_new) == (True, False)
    assert second.id == first.id


def test_going_back_to_earlier_bytes_is_a_new_revision(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    for digit in "ab":
        buildings.add_model(a_model(building.id, digit * 64))
    again = buildings.add_model(a_model(building.id, "a" * 64))
    assert (again.is_new, again.revision) == (True, 3)


def test_a_model_comes_back_as_it_was_added(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    added = buildings.add_model(a_model(building.id))

    found = buildings.model(added.id)

    assert found == replace(added, is_new=False)
    assert (found.filename, found.size_bytes, found.submitted_by, found.schema) == ("house.ifc", 1234, "sam", None)
    assert buildings.latest_model(building.id) == found


def test_models_need_their_building_and_reports_their_model(buildings: BuildingRepository) -> None:
    with pytest.raises(NotFoundError, match="no building"):
        buildings.add_model(a_model(uuid4()))
    with pytest.raises(NotFoundError, match="no model"):
        buildings.model(uuid4())
    with pytest.raises(NotFoundError, match="no model"):
        buildings.save_report(uuid4(), REPORT)
    with pytest.raises(NotFoundError, match="no model"):
        buildings.replace_index(uuid4(), an_index())
    assert buildings.latest_model(uuid4()) is None
    assert buildings.report(uuid4()) is None


REPORT = ValidationReport(
    schema="IFC2X3",
    rules=(RuleOutcome("PJS001", "One project", Verdict.FAILED, 2), RuleOutcome("X1", "Odd", Verdict.INCONCLUSIVE)),
    findings=(
        Finding("PJS001", Severity.ERROR, "no project", "0abc", "IfcProject", "exactly 1", "0"),
        Finding("PJS001", Severity.INFO, "tab\tand \\ backslash\nand newline"),
    ),
)


def test_a_report_comes_back_and_tells_the_schema(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    model = buildings.add_model(a_model(building.id))

    buildings.save_report(model.id, REPORT)

    assert buildings.report(model.id) == REPORT
    assert buildings.model(model.id).schema == "IFC2X3"


def test_a_later_report_replaces_the_earlier_one(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    model = buildings.add_model(a_model(building.id))
    buildings.save_report(model.id, REPORT)
    clean = ValidationReport(None, (), ())
    buildings.save_report(model.id, clean)
    assert buildings.report(model.id) == clean
    assert buildings.model(model.id).schema == "IFC2X3"


def test_revisions_are_listed_newest_first_page_by_page(buildings: BuildingRepository) -> None:
    building, other = a_building(), a_building()
    for one in (building, other):
        buildings.add(one)
        for digit in "abc":
            buildings.add_model(a_model(one.id, digit * 64))

    first = buildings.models(building.id, limit=2)
    rest = buildings.models(building.id, before=first[-1].revision)

    assert [model.revision for model in (*first, *rest)] == [3, 2, 1]
    assert {model.building_id for model in (*first, *rest)} == {building.id}


def test_findings_are_read_page_by_page_and_by_severity_and_rule(buildings: BuildingRepository) -> None:
    building = a_building()
    buildings.add(building)
    model = buildings.add_model(a_model(building.id))
    kinds = [("A", Severity.ERROR), ("B", Severity.INFO), ("A", Severity.INFO), ("B", Severity.ERROR)]
    findings = tuple(Finding(rule, severity, f"finding {n}") for n, (rule, severity) in enumerate(kinds))
    buildings.save_report(model.id, ValidationReport("IFC4", (), findings))

    first = buildings.findings(model.id, limit=3)
    rest = buildings.findings(model.id, after=first.last, limit=3)

    assert (first.items, rest.items, rest.last) == (findings[:3], findings[3:], None)
    assert buildings.findings(model.id, severity=Severity.ERROR).items == (findings[0], findings[3])
    assert buildings.findings(model.id, rule="B", severity=Severity.INFO).items == (findings[1],)
    assert buildings.findings(model.id, limit=4).last is None
    assert buildings.findings(uuid4()).items == ()
