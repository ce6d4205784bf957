"""From a path to an open model: packed files, unsupported schemas, what is refused and how."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from arxos.domain.errors import ModelRefusedError, UnsupportedSchemaError
from arxos.formats.ifc import READER
from arxos.formats.registry import installed_readers
from tests.step_files import step, written

WALL = "#1=IFCWALL('0000000000000000000001',$,'Wall',$,$,$,$,$,$);"


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("house.ifc", step(WALL)),
        ("house.ifc.gz", gzip.compress(step(WALL))),
        ("house.ifczip", zipped(house__ifc=step(WALL), notes__txt=b"x")),
        ("house.ifczip.gz", gzip.compress(zipped(house__ifc=step(WALL)))),
        ("misnamed.bin", gzip.compress(step(WALL))),
        ("spaced.ifc", b"\n  " + step(WALL)),
    ],
    ids=["plain", "gzip", "zip", "a zip in gzip", "by its content", "after space"],
)
def test_a_model_is_read_plain_or_packed_by_its_content(tmp_path: Path, name: str, content: bytes) -> None:
    path = written(tmp_path, content, name)
    model = installed_readers().reader_for(path, name).open(path, checked=True)
    assert [element.name for element in model.outline().elements] == ["Wall"]


def test_the_installed_formats_are_found() -> None:
    assert [reader.name for reader in installed_readers()] == sorted(reader.name for reader in installed_readers())
    assert READER in list(installed_readers())


def test_a_file_of_no_format_is_refused_showing_how_it_begins(tmp_path: Path) -> None:
    path = written(tmp_path, b"\x7fELF\x00<b>", "program")
    with pytest.raises(ModelRefusedError, match="not a building model: starts with"):
        installed_readers().reader_for(path, "program")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"")
    with pytest.raises(ModelRefusedError, match=r"empty file .house\.ifc."):
        installed_readers().reader_for(path, "house.ifc")


@pytest.mark.parametrize("schema", ["IFC2X_FINAL", "IFC4X3_RC4", "IFC4X3", "<b>"])
def test_an_unsupported_schema_is_refused_by_name(tmp_path: Path, schema: str) -> None:
    path = written(tmp_path, step(WALL, schema=schema))
    with pytest.raises(UnsupportedSchemaError, match="supported: IFC2X3, IFC4, IFC4X3_ADD2") as refusal:
        READER.open(path, checked=True)
    assert schema in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(zipped(a__txt=b"x"), "archive refused: it must hold exactly one .ifc file", id="no model"),
        pytest.param(gzip.compress(step())[:-12], "archive refused: its compressed data ends too early", id="cut off"),
        pytest.param(gzip.compress(b""), "empty file", id="empty"),
        pytest.param(gzip.compress(b"%PDF"), "line 1, column 1", id="no model in it"),
    ],
)
def test_an_archive_without_a_model_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(ModelRefusedError, match=problem):
        READER.open(written(tmp_path, content, "house.ifczip"), checked=True)


def test_two_schemas_at_once_are_unsupported(tmp_path: Path) -> None:
    path = written(tmp_path, step(WALL).replace(b"('IFC4')", b"('IFC4','IFC2X3')"))
    with pytest.raises(UnsupportedSchemaError, match="IFC4, IFC2X3"):
        READER.open(path, checked=True)


def test_a_number_that_no_parser_reads_is_refused_in_few_words(tmp_path: Path) -> None:
    path = written(tmp_path, step(f"#1=IFCCARTESIANPOINT(({'9' * 100_000}.,0.));"))
    with pytest.raises(ModelRefusedError, match="cannot be parsed: ") as refusal:
        READER.open(path, checked=True)
    assert len(str(refusal.value)) < 300


def test_without_the_check_only_the_header_is_looked_at(tmp_path: Path) -> None:
    path = written(tmp_path, step(WALL))
    assert READER.open(path, checked=False).outline().schema == "IFC4"
