"""`arxos validate`: what it prints and how it exits."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from arxos.cli.validate import validate
from tests.step_files import step, written

APP = typer.Typer()
APP.command()(validate)


def test_each_file_is_one_json_document_a_line(tmp_path: Path) -> None:
    good, bad = written(tmp_path, step(), "good.ifc"), written(tmp_path, b"#dummy", "bad.ifc")

    outcome = CliRunner().invoke(APP, ["--json", str(good), str(bad)])

    first, second = (json.loads(line) for line in outcome.stdout.splitlines())
    assert set(first) == {"file", "schema", "valid", "rules", "findings"}
    assert (first["file"], first["schema"], first["valid"]) == (str(good), "IFC4", True)
    assert {"id": "SYNTAX", "verdict": "passed", "findings": 0} in first["rules"]
    assert (second["valid"], second["rules"]) == (False, [{"id": "SYNTAX", "verdict": "failed", "findings": 1}])
    assert second["findings"][0]["message"].startswith("line 1, column 1")
    assert outcome.exit_code == 1


def test_valid_files_exit_0(tmp_path: Path) -> None:
    assert CliRunner().invoke(APP, [str(written(tmp_path, step()))]).exit_code == 0


def test_a_file_that_is_not_there_is_bad_use(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(APP, [str(tmp_path / "nothing.ifc")])
    assert outcome.exit_code == 2


@pytest.mark.parametrize("name", ["[red]x[/red]", "\\x1b[31m"])
def test_hostile_text_is_printed_inert(tmp_path: Path, name: str) -> None:
    wall = f"#1=IFCWALL('0000000000000000000001',$,'{name}',$,$,$,$,$,$);".replace("\\x1b", "\\X\\1B")
    outcome = CliRunner().invoke(APP, [str(written(tmp_path, step(wall)))])
    assert "\x1b" not in outcome.stdout
    assert outcome.exit_code == 1


def test_a_file_that_needs_more_memory_than_it_may_take_is_inconclusive(tmp_path: Path) -> None:
    large = written(tmp_path, step("\n".join(f"#{n}=IFCWALL($,$,$,$,$,$,$,$,$);" for n in range(1, 200_000))), "a.ifc")
    small = written(tmp_path, step(), "b.ifc")
    outcome = CliRunner().invoke(APP, ["--json", "--memory-mb", "64", str(large), str(small)])
    first, second = (json.loads(line) for line in outcome.stdout.splitlines())
    assert (first["valid"], second["valid"], outcome.exit_code) == (False, True, 1)
    assert "inconclusive" in {rule["verdict"] for rule in first["rules"]}
