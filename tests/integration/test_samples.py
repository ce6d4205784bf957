"""The samples are what they say they are, and hold the faults that they promise."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.model import BuildingModel
from arxos.domain.buildings.validate_model import validate_file
from arxos.formats.registry import installed_readers

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OFFICE = EXAMPLES / "office.ifc"


@pytest.fixture(scope="module")
def office() -> BuildingModel:
    return _outline(OFFICE)


@pytest.fixture(scope="module")
def report() -> ValidationReport:
    return _report(OFFICE)


def _outline(path: Path) -> BuildingModel:
    return installed_readers().reader_for(path, path.name).open(path, checked=True).outline()


def _report(path: Path) -> ValidationReport:
    return validate_file(installed_readers(), path, path.name, express=False, progress=lambda _done, _note: None)


def _make(script: str, *arguments: str) -> None:
    subprocess.run([sys.executable, str(EXAMPLES / script), *arguments], check=True, cwd="/", timeout=60)


def test_the_office_in_the_checkout_is_what_its_script_writes(tmp_path: Path) -> None:
    made = tmp_path / "office.ifc"

    _make("make_office.py", str(made))

    assert made.read_bytes() == OFFICE.read_bytes()


def test_the_office_has_three_floors_in_order(office: BuildingModel) -> None:
    floors = [(floor.name, floor.elevation_m) for floor in office.floors]

    assert floors == [("Ground floor", 0.0), ("First floor", 3.6), ("Second floor", 7.2)]


def test_the_office_has_spaces_and_elements_of_many_classes(office: BuildingModel) -> None:
    classes = Counter(element.ifc_class for element in office.elements)

    assert (len(office.spaces), len(office.elements)) == (28, 355)
    assert {"IfcWall", "IfcDoor", "IfcWindow", "IfcSlab", "IfcColumn", "IfcFurniture", "IfcStairFlight"} <= set(classes)


def test_the_office_states_address_and_place(office: BuildingModel) -> None:
    assert office.address is not None
    assert "Beispielallee 12" in office.address
    assert "Hamburg" in office.address
    assert office.georeference is not None
    assert office.georeference.epsg == 25832
    assert office.true_north_deg == pytest.approx(17.2)


def test_every_space_of_the_office_states_its_area(office: BuildingModel) -> None:
    assert all(space.gross_area_m2 for space in office.spaces)


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        ("SPS002", "0.09"),
        ("ARX101", "0.09"),
        ("SPS005", "Sofa 0.02-3"),
        ("SPS007", "Sofa 0.02-3"),
        ("ARX111", "Sofa 0.02-3"),
        ("OJT001", "Board table 2.05-1"),
        ("ARX104", "0.07"),
        ("ARX103", "1.07"),
    ],
)
def test_each_fault_of_the_office_is_found(report: ValidationReport, rule: str, subject: str) -> None:
    assert any(finding.rule == rule and subject in (finding.subject or "") for finding in report.findings)


def test_nothing_else_is_wrong_with_the_office(report: ValidationReport) -> None:
    found = Counter(finding.rule for finding in report.findings)

    assert found == {
        "SPS002": 1, "ARX101": 1, "SPS005": 1, "SPS007": 1, "ARX111": 1, "OJT001": 1, "ARX104": 1, "ARX103": 2,
    }  # fmt: skip


def test_a_tower_has_as_many_floors_and_rooms_as_asked(tmp_path: Path) -> None:
    made = tmp_path / "tower.ifc"

    _make("make_tower.py", "--floors", "4", "--rooms", "7", str(made))

    tower = _outline(made)
    assert (len(tower.floors), len(tower.spaces)) == (4, 28)
    assert Counter(element.ifc_class for element in tower.elements)["IfcDoor"] == 28
    assert all(element.floor_id for element in tower.elements)
    assert _report(made).valid


def test_the_same_tower_is_written_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _make("make_tower.py", "--floors", "2", "--rooms", "3", str(tmp_path / name / "tower.ifc"))

    assert (tmp_path / "a" / "tower.ifc").read_bytes() == (tmp_path / "b" / "tower.ifc").read_bytes()


@pytest.mark.parametrize("size", [("--floors", "0"), ("--rooms", "-1"), ("--floors", "many")])
def test_a_tower_of_nonsense_is_refused(tmp_path: Path, size: tuple[str, str]) -> None:
    script = str(EXAMPLES / "make_tower.py")

    refused = subprocess.run([sys.executable, script, *size, str(tmp_path / "x.ifc")], check=False, capture_output=True)

    assert refused.returncode == 2
