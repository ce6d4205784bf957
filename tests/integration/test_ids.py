"""Requirements of a client: IDS files as rules."""

import csv
import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from arxos.cli.validate import validate
from arxos.domain.buildings.findings import Verdict
from arxos.domain.errors import InvalidError
from arxos.formats.ifc.ids_rules import IdsLimits, check_ids, judge_ids
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
    ids = written(tmp_path, NAMED_WALLS.encode(), "ours.ids")
    report = judge_ids(ids, written(tmp_path, step(data)))
    assert [(rule.id, rule.verdict) for rule in report.rules] == [("IDS1:Walls are named", verdict)]


NO_IDS = {
    "empty": b"",
    "another root": b"<ids/>",
    "no XML": b"no xml",
    "another element": NAMED_WALLS.replace("requirements", "wishes").encode(),
    "entities that unfold": NAMED_WALLS.replace(
        "<ids ",
        '<!DOCTYPE ids [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "]><ids ",
    )
    .replace("Ours", "&i;")
    .encode(),
    "an entity that names a file": NAMED_WALLS.replace(
        "<ids ", '<!DOCTYPE ids [<!ENTITY a SYSTEM "file:///etc/passwd">]><ids '
    )
    .replace("Ours", "&a;")
    .encode(),
    "a document type elsewhere": NAMED_WALLS.replace(
        "<ids ", '<!DOCTYPE ids SYSTEM "http://127.0.0.1:9/x.dtd"><ids '
    ).encode(),
    "elements a million deep": b"<ids>" * 1_000_000,
    "too large": NAMED_WALLS.encode() + b" " * (16 << 20),
}


@pytest.mark.parametrize("content", NO_IDS.values(), ids=NO_IDS)
def test_what_is_no_ids_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidError, match="ids file "):
        check_ids(written(tmp_path, content, "ours.ids"))


def test_the_command_judges_by_it_too(tmp_path: Path) -> None:
    ids, wall = written(tmp_path, NAMED_WALLS.encode(), "ours.ids"), written(tmp_path, step(WALL.format("$")))
    outcome = CliRunner().invoke(APP, ["--ids", str(ids), "--json", str(wall)])
    assert '"IDS1:Walls are named", "verdict": "failed"' in outcome.stdout
    assert CliRunner().invoke(APP, ["--ids", str(wall), str(wall)]).exit_code == 2


def patterned(*patterns: str) -> str:
    """An IDS file with a specification for each pattern, which names are to match."""
    begin, end = NAMED_WALLS.index("    <specification "), NAMED_WALLS.index("  </specifications>")
    one = NAMED_WALLS[begin:end].replace(
        "<name><simpleValue>Name</simpleValue></name>",
        '<name><simpleValue>Name</simpleValue></name><value><xs:restriction base="xs:string">'
        '<xs:pattern value="{}"/></xs:restriction></value>',
    )
    return NAMED_WALLS[:begin] + "".join(map(one.format, patterns)) + NAMED_WALLS[end:]


ENDLESS = ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){25}b", "([a-z]+)*b"]


@pytest.mark.parametrize("pattern", ENDLESS)
def test_a_pattern_without_an_end_is_inconclusive_and_the_others_are_judged(tmp_path: Path, pattern: str) -> None:
    ids = written(tmp_path, patterned("a+", pattern, "b+").encode(), "ours.ids")
    wall = written(tmp_path, step(WALL.format(f"'{'a' * 60}'")))
    report = judge_ids(ids, wall, IdsLimits(rule_s=2))
    assert [rule.verdict for rule in report.rules] == [Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED]
    [cut] = [finding for finding in report.findings if finding.rule == report.rules[1].id]
    assert cut.rule == "IDS2:Walls are named"
    assert cut.message == f"the check came to no end: it took longer than 2 s; patterns {pattern!r}"
    assert not report.valid


def test_a_pattern_that_takes_all_memory_is_inconclusive(tmp_path: Path) -> None:
    pattern = "((a{1,9999}){1,9999}){1,9999}"
    ids = written(tmp_path, patterned("a+", pattern).encode(), "ours.ids")
    report = judge_ids(ids, written(tmp_path, step(WALL.format("'aaa'"))), IdsLimits(rule_s=5, memory_mb=512))
    assert report.rules[0].verdict is Verdict.PASSED
    assert report.rules[1].verdict in (Verdict.INCONCLUSIVE, Verdict.PASSED)


def test_the_time_for_all_specifications_is_bounded(tmp_path: Path) -> None:
    ids = written(tmp_path, patterned(*["(a+)+b"] * 5).encode(), "ours.ids")
    wall = written(tmp_path, step(WALL.format(f"'{'a' * 60}'")))
    report = judge_ids(ids, wall, IdsLimits(rule_s=1, total_s=2))
    assert [rule.verdict for rule in report.rules] == [Verdict.INCONCLUSIVE] * 5


def test_the_command_comes_to_an_end_whatever_the_pattern(tmp_path: Path) -> None:
    ids = written(tmp_path, patterned("(a+)+b").encode(), "ours.ids")
    wall = written(tmp_path, step(WALL.format(f"'{'a' * 60}'")))
    outcome = CliRunner().invoke(APP, ["--ids", str(ids), "--rule-seconds", "1", "--json", str(wall)])
    assert outcome.exit_code == 1
    assert '"IDS1:Walls are named", "verdict": "inconclusive"' in outcome.stdout
    assert "patterns '(a+)+b'" in outcome.stdout


def test_no_address_that_a_file_names_is_called(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        where = f"http://127.0.0.1:{server.getsockname()[1]}/ids.xsd"
        hinted = NAMED_WALLS.replace(
            "<ids ",
            f'<ids xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:other {where} '
            f'http://standards.buildingsmart.org/IDS {where}" ',
        )
        judge_ids(written(tmp_path, hinted.encode(), "ours.ids"), written(tmp_path, step(WALL.format("'W'"))))
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.slow
def test_the_standards_own_cases_agree(shared_data: Path) -> None:
    folder, agreed = shared_data / "ids-cases", 0
    for row in csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()):
        if row["expected"] in ("pass", "fail"):
            report = judge_ids(folder / row["path"], folder / row["ifc_path"])
            agreed += report.valid is (row["expected"] == "pass")
    assert agreed >= AGREED_AT_LEAST
