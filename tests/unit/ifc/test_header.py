"""The header: what is read from it, and buildingSMART's policy on it."""

import pytest

from arxos.domain.buildings.findings import Severity, Verdict
from arxos.domain.buildings.rules.rule import judge_by
from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.header_policy import HEADER_RULES, view_definitions
from arxos.formats.ifc.syntax import check_text
from tests.step_files import DESCRIPTION, NAME, header, step

POLICY = {rule.id.removeprefix("header:"): rule for rule in HEADER_RULES}


def test_the_header_is_decoded() -> None:
    read = check_text(step(name=NAME.replace("'Ann'", r"'Zo\X\EB','O''Neill'")))
    assert read.author == ("Zoë", "O'Neill")
    assert (read.name, read.originating_system, read.schema) == ("house.ifc", "Acme - Draw - 1.2.3", "IFC4")


def test_a_value_of_another_type_is_no_text() -> None:
    read = check_text(step(name=NAME.replace("'none'", ".T.").replace("('Ann')", "('Ann',12)")))
    assert (read.authorization, read.author) == (None, ("Ann",))


def test_markup_in_a_header_stays_the_text_it_is() -> None:
    assert check_text(step(name=NAME.replace("house.ifc", "<script>x</script>"))).name == "<script>x</script>"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"description": "FILE_DESCRIPTION(('a'));"}, "line 3, column 1: FILE_DESCRIPTION needs 2 values, got 1"),
        ({"name": NAME.replace("'none'", "'none','x'")}, "line 4, column 1: FILE_NAME needs 7 values, got 8"),
        ({"description": NAME}, "expected FILE_DESCRIPTION in the header, got FILE_NAME"),
        ({"more": "FILE_INFO('a');\n"}, "FILE_INFO does not belong in the header"),
        ({"description": DESCRIPTION.removesuffix(";")}, 'expected ";"'),
    ],
)
def test_a_malformed_header_is_refused_with_its_place(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(ModelRefusedError) as refusal:
        check_text(step(**changes))
    assert problem in str(refusal.value)


def test_a_header_without_a_schema_is_refused() -> None:
    with pytest.raises(ModelRefusedError, match="line 5, column 1: FILE_SCHEMA names no schema"):
        check_text(step().replace(b"('IFC4')", b"()"))


def test_records_of_later_editions_and_user_defined_ones_are_allowed() -> None:
    assert check_text(step(more="SECTION_LANGUAGE($,'en');\n!OURS('x');\n")).schema == "IFC4"


def test_view_definitions_are_gathered_from_all_entries() -> None:
    description = (
        "ViewDefinition [CoordinationView_V2.0, SomeAddOnView]",
        "Option [A: b; c: d]",
        "Comment [free text]",
    )
    assert view_definitions(header(description=description)) == ("CoordinationView_V2.0", "SomeAddOnView")
    assert view_definitions(header(description=("just words",))) is None


def verdict(field: str, **changes: object) -> Verdict:
    return judge_by(POLICY[field], header(**changes)).outcome.verdict  # type: ignore[arg-type]


def test_a_header_in_order_passes_every_policy() -> None:
    assert {verdict(field) for field in POLICY} == {Verdict.PASSED}


def test_header_policy_only_warns() -> None:
    assert {rule.severity for rule in HEADER_RULES} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("description", {"description": ()}),
        ("description", {"description": ("ViewDefinition [ReferenceView_V1.2]",), "schema": "IFC4X3_ADD2"}),
        ("description", {"description": ("ViewDefinition [ReferenceView_V1.2, NearlyAnAddOnView]",)}),
        ("time_stamp", {"time_stamp": None}),
        ("time_stamp", {"time_stamp": "2026-13-01T00:00:00"}),
        ("time_stamp", {"time_stamp": "2026-01-02 03:04:05"}),
        ("author", {"author": ()}),
        ("organization", {"organization": ()}),
        ("authorization", {"authorization": None}),
        ("originating_system", {"originating_system": "Draw 1.2.3"}),
        ("company_name", {"originating_system": "  - Draw - 1.2.3"}),
        ("application_name", {"originating_system": "Acme - Draw-2 - 1.2.3"}),
        ("application_name", {"originating_system": "Acme -  Draw - 1.2.3"}),
        ("version", {"originating_system": "Acme - Draw - latest"}),
        ("version", {"originating_system": "Acme - Draw -  1.2.3 "}),
    ],
)
def test_a_field_out_of_order_fails_its_policy(field: str, changes: dict[str, object]) -> None:
    assert verdict(field, **changes) is Verdict.FAILED


@pytest.mark.parametrize("stamp", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5", "2026-01-02T03:04:05-05:00"])
def test_time_stamps_with_zone_and_fraction_are_fine(stamp: str) -> None:
    assert verdict("time_stamp", time_stamp=stamp) is Verdict.PASSED


@pytest.mark.parametrize("version", ["26", "26.0.0.0", "v1.2rc1", "2024.1.post2", "1.0.0+build.5", "1.0-beta"])
def test_version_numbers_of_many_shapes_are_fine(version: str) -> None:
    assert verdict("version", originating_system=f"Acme - Draw - {version}") is Verdict.PASSED
