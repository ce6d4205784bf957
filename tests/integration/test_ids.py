"""Requirements of a client: IDS files as rules."""

import csv
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from arxos.cli.validate import validate
from arxos.domain.buildings.findings import Verdict
from arxos.domain.errors import InvalidError
from arxos.formats.ifc.ids_rules import judge_ids, read_ids
from tests.step_files import step, written

APP = typer.Typer()
APP.command()(validate)
NAMED_WALLS = """<?xml version="1.0" encoding="utf-8"?>
<ids xmlns="http://standards.buildingsmart.org/IDS" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <info><title>Ours</title></info>
  <specifications>
    <specification name="Walls are named" ifcVersion="IFC4">
      <applicability minOccurs="0" maxOccurs="unbounded">
        <entity><name><simpleValue>IFCWALL</simpleValue></name></entity>
      </applicability>
      <requirements>
        <attribute cardinality="required"><name><simpleValue>Name</simpleValue></name></attribute>
      </requirements>
    </specification>
  </specifications>
</ids>"""
WALL = "#1=IFCWALL('0000000000000000000001',$,{},$,$,$,$,$,$);"
AGREED_AT_LEAST = 132  # of 146; the library compares numbers without the standard's tolerance


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (WALL.format("'W-01'"), Verdict.PASSED),
        (WALL.format("$"), Verdict.FAILED),
        ("#1=IFCPERSON($,$,'Ann',$,$,$,$,$);", Verdict.NOT_APPLICABLE),
    ],
)
def test_a_specification_is_a_rule_named_after_it(tmp_path: Path, data: str, verdict: Verdict) -> None:
    rules = read_ids(written(tmp_path, NAMED_WALLS.encode(), "ours.ids"))
    report = judge_ids(rules, written(tmp_path, step(data)))
    assert [(rule.id, rule.verdict) for rule in report.rules] == [("IDS1:Walls are named", verdict)]


@pytest.mark.parametrize("content", [b"", b"<ids/>", b"no xml", NAMED_WALLS.replace("requirements", "wishes").encode()])
def test_what_is_no_ids_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidError, match="ids file "):
        read_ids(written(tmp_path, content, "ours.ids"))


def test_the_command_judges_by_it_too(tmp_path: Path) -> None:
    ids, wall = written(tmp_path, NAMED_WALLS.encode(), "ours.ids"), written(tmp_path, step(WALL.format("$")))
    outcome = CliRunner().invoke(APP, ["--ids", str(ids), "--json", str(wall)])
    assert '"IDS1:Walls are named", "verdict": "failed"' in outcome.stdout
    assert CliRunner().invoke(APP, ["--ids", str(wall), str(wall)]).exit_code == 2


@pytest.mark.slow
def test_the_standards_own_cases_agree(shared_data: Path) -> None:
    folder, agreed = shared_data / "ids-cases", 0
    for row in csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()):
        if row["expected"] in ("pass", "fail"):
            report = judge_ids(read_ids(folder / row["path"]), folder / row["ifc_path"])
            agreed += report.valid is (row["expected"] == "pass")
    assert agreed >= AGREED_AT_LEAST
