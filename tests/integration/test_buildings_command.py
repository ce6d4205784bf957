"""`arxos buildings …` and `arxos demo` as typed, on real servers; what the jobs do is done here, without workers."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import parse

import pytest

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import Settings
from arxos.domain.buildings.index_model import index_model
from arxos.domain.buildings.model_reader import Limits, no_progress
from arxos.domain.buildings.validate_model import validate_file
from arxos.domain.jobs.ledger import JobFilter

ROOT = Path(__file__).resolve().parents[2]
OFFICE = ROOT / "examples" / "office.ifc"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(database: str, redis: str, redis_cache: str, tmp_path: Path) -> dict[str, str]:
    return {
        "ARXOS_DATABASE_URL": database,
        "ARXOS_BROKER_URL": redis,
        "ARXOS_CACHE_URL": redis_cache,
        "ARXOS_BLOB_URL": f"file://{tmp_path / 'blobs'}",
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
    }


@pytest.fixture
def arxos(environment: dict[str, str], tmp_path: Path) -> Run:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "arxos.cli.main", *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=100
        )

    return run


@pytest.fixture
def runtime(environment: dict[str, str]) -> Runtime:
    names = ("database_url", "broker_url", "cache_url", "blob_url")
    values: dict[str, Any] = {name: environment[f"ARXOS_{name.upper()}"] for name in names}
    return start(Settings(**values))


def _process(runtime: Runtime, model_id: str) -> None:
    """What the jobs of a model do, done here."""
    with runtime.ports.unit_of_work() as uow:
        [job] = [j for j in _jobs(uow) if j.kind == "building.index_geometry" and j.payload["model_id"] == model_id]
        model = uow.buildings.model(job.payload["model_id"])
        readers = runtime.ports.readers
        report = validate_file(readers, OFFICE, OFFICE.name, express=False, progress=no_progress)
        opened = readers.reader_for(OFFICE, OFFICE.name).open(OFFICE, checked=False)
        uow.buildings.save_report(model.id, report)
        uow.buildings.replace_index(model.id, index_model(opened, model.building_id, Limits(), no_progress))
        uow.commit()
    runtime.database.close()


def _jobs(uow: Any) -> Any:
    return uow.jobs.find(JobFilter()).jobs


def test_a_building_is_added_listed_and_shown(arxos: Run) -> None:
    added = json.loads(arxos("buildings", "add", "--name", "Hall", "--address", "1 High St, Bath", "--json").stdout)

    [listed] = json.loads(arxos("buildings", "list", "--json").stdout)
    shown = json.loads(arxos("buildings", "show", "hall", "--json").stdout)
    assert added == listed
    assert (shown["id"], shown["name"], shown["status"], shown["model"]) == (added["id"], "Hall", "draft", None)


def test_an_imported_model_takes_name_and_address_from_its_file(arxos: Run) -> None:
    imported = json.loads(arxos("buildings", "import", str(OFFICE), "--json").stdout)

    assert [job["kind"] for job in imported["jobs"]] == [
        "building.validate", "building.index_geometry", "building.warm_cache",
    ]  # fmt: skip
    [building] = json.loads(arxos("buildings", "list", "--json").stdout)
    assert (building["name"], building["id"]) == ("Arxos House", imported["building_id"])
    assert "Hamburg" in building["address"]


def test_the_same_file_again_is_no_news(arxos: Run) -> None:
    first = json.loads(arxos("buildings", "import", str(OFFICE), "--json").stdout)

    again = json.loads(arxos("buildings", "import", str(OFFICE), "--building", "Arxos House", "--json").stdout)

    assert (again["model_id"], again["revision"], again["is_new"]) == (first["model_id"], 1, False)


def test_an_indexed_building_is_queried_and_drawn(arxos: Run, runtime: Runtime, tmp_path: Path) -> None:
    imported = json.loads(arxos("buildings", "import", str(OFFICE), "--json").stdout)
    _process(runtime, imported["model_id"])

    shown = json.loads(arxos("buildings", "show", "Arxos House", "--json").stdout)
    assert (shown["spaces"], shown["elements"], len(shown["report"]), len(shown["jobs"])) == (28, 355, 9, 3)
    found = json.loads(arxos("buildings", "find", "Arxos House", "--at", "5,10,1", "--json").stdout)
    assert [item["name"] for item in found if item["ifc_class"] == "IfcSpace"] == ["0.06 Café"]
    near = arxos(
        "buildings", "find", "Arxos House", "--near", "5,10,1", "--ifc-class", "IfcDoor", "--limit", "2", "--json"
    )
    assert [item["ifc_class"] for item in json.loads(near.stdout)] == ["IfcDoor", "IfcDoor"]
    drawn = arxos("buildings", "plan", "Arxos House", "--floor", "First floor", "--out", str(tmp_path / "p.svg"))
    assert (drawn.returncode, drawn.stdout) == (0, "")
    assert parse(tmp_path / "p.svg").getroot().get("role") == "img"
    geojson = arxos("buildings", "plan", "Arxos House", "--format", "geojson")
    assert json.loads(geojson.stdout)["type"] == "FeatureCollection"


@pytest.mark.parametrize(
    "arguments",
    [
        ("find", "x", "--at", "1,b"),
        ("find", "x", "--at", "1,2", "--near", "1,2,3"),
        ("find", "x", "--bbox", "5,5,1,1"),
        ("find", "x", "--limit", "0"),
        ("import", "no-such-file.ifc"),
        ("import", str(OFFICE), "--building", "x", "--name", "y"),
        ("plan", "x", "--format", "pdf"),
        ("add", "--name", "x"),
        ("list", "--status", "lost"),
    ],
)
def test_bad_use_is_one_line_and_exit_2(arxos: Run, arguments: tuple[str, ...]) -> None:
    refused = arxos("buildings", *arguments)

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "Nowhere"), "no building 'Nowhere'"),
        (("show", "00000000-0000-0000-0000-000000000000"), "no building"),
        (("add", "--name", " ", "--address", "1 High St, Bath"), "name"),
        (("add", "--name", "x", "--address", "!"), "address"),
    ],
)
def test_a_refusal_is_one_line_and_exit_1(arxos: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = arxos("buildings", *arguments)

    assert refused.returncode == 1
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_file_without_an_address_is_refused_and_no_building_is_made(arxos: Run, tmp_path: Path) -> None:
    tower = tmp_path / "tower.ifc"
    script = str(ROOT / "examples" / "make_tower.py")
    subprocess.run([sys.executable, script, "--floors", "1", "--rooms", "1", str(tower)], check=True)

    refused = arxos("buildings", "import", str(tower))

    assert refused.returncode == 1
    assert "--address" in refused.stderr
    assert json.loads(arxos("buildings", "list", "--json").stdout) == []


@pytest.mark.parametrize(("name", "content"), [("empty.ifc", b""), ("notes.txt", b"hello")])
def test_a_demo_of_what_cannot_be_taken_in_prints_one_document(
    arxos: Run, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    refused = arxos("demo", "--json", "--model", str(path))

    assert refused.returncode == 1
    document = json.loads(refused.stdout)
    assert (document["building_id"], document["jobs"], document["validation"]["valid"]) == (None, [], False)
    assert document["error"] in refused.stderr
