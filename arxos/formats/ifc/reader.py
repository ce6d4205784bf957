"""The IFC reader: from a path to an open model."""

import json
from collections.abc import Iterator
from pathlib import Path

import ifcopenshell
from ifcopenshell import ifcopenshell_wrapper

from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.model import BuildingModel
from arxos.domain.buildings.model_reader import Limits, Mesh, OpenModel, Progress
from arxos.domain.errors import ModelRefusedError, UnsupportedSchemaError
from arxos.formats.archives.unpack import GZIP, ZIP, unpacked
from arxos.formats.ifc.header import Header
from arxos.formats.ifc.ifc_model import IfcModel
from arxos.formats.ifc.meshing import meshes
from arxos.formats.ifc.outline import outline
from arxos.formats.ifc.step_text import shown
from arxos.formats.ifc.syntax import check_syntax, read_file_header
from arxos.formats.ifc.validation import validate

SCHEMAS = tuple(sorted(name for name in ifcopenshell_wrapper.schema_names() if name.startswith("IFC")))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class IfcReader:
    """Reads `.ifc` and `.ifczip`, plain or gzipped."""

    name = "ifc"
    suffixes: tuple[str, ...] = (".ifc", ".ifczip", ".ifc.gz", ".ifczip.gz")

    def recognises(self, head: bytes) -> bool:
        """STEP text, or a zip or gzip that may hold it."""
        return head.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith((b"ISO-10303-21", GZIP, ZIP))

    def open(self, path: Path, *, checked: bool) -> OpenModel:
        """Open the file; see `ModelReader.open`."""
        return open_ifc(path, checked=checked)


def open_ifc(path: Path, *, checked: bool) -> "OpenIfc":
    """Open the file; see `ModelReader.open`."""
    with unpacked(path, ".ifc") as plain:
        header = check_syntax(plain) if checked else read_file_header(plain)
        if header.schema not in SCHEMAS:
            known = ", ".join(SCHEMAS)
            raise UnsupportedSchemaError(f"unsupported schema {shown(header.schema.encode())}; supported: {known}")
        return OpenIfc(_parsed(plain, header))


def _parsed(path: Path, header: Header) -> IfcModel:
    ifcopenshell_wrapper.set_log_format_json()  # type: ignore[no-untyped-call]
    _take_log()  # what comes next is about this file
    try:
        return IfcModel(ifcopenshell.open(path, format=".ifc"), header, _take_log())
    except ifcopenshell.Error as error:
        raise ModelRefusedError(f"cannot be parsed: {_first_remark(_take_log()) or error}") from error


def _first_remark(log: str) -> str:
    """The first message of the log, short and printable; empty where there is none."""
    line = log.partition("\n")[0]
    return shown(str(json.loads(line)["message"]).encode(), 200) if line else ""


def _take_log() -> str:
    """What IfcOpenShell has logged in this process since the last time, a JSON object a line."""
    return str(ifcopenshell.get_log())  # type: ignore[no-untyped-call]


class OpenIfc:
    """One IFC file, parsed."""

    def __init__(self, model: IfcModel) -> None:
        self.model = model

    def outline(self) -> BuildingModel:
        """Structure and claims, in metres."""
        return outline(self.model.file)

    def validate(self, *, express: bool, progress: Progress) -> ValidationReport:
        """Header policy, schema (on demand its EXPRESS rules), normative rules. Opening has checked the syntax."""
        return validate(self.model, express=express, progress=progress)

    def meshes(self, limits: Limits, progress: Progress) -> Iterator[Mesh]:
        """The triangles of every product that has a shape."""
        return meshes(self.model.file, limits, progress)
