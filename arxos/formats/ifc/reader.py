"""The IFC reader: from a path to an open model."""

from collections.abc import Iterator
from pathlib import Path

import ifcopenshell

from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.model import BuildingModel
from arxos.domain.buildings.model_reader import Limits, Mesh, OpenModel, Progress
from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.outline import outline


class IfcReader:
    """Reads `.ifc` and `.ifczip`, plain or gzipped."""

    name = "ifc"
    suffixes: tuple[str, ...] = (".ifc", ".ifczip", ".ifc.gz", ".ifczip.gz")

    def recognises(self, head: bytes) -> bool:
        """STEP text, or a zip or gzip that may hold it."""
        return head.lstrip().startswith((b"ISO-10303-21", b"PK\x03\x04", b"\x1f\x8b"))

    def open(self, path: Path, *, checked: bool) -> OpenModel:
        """Open the file; see `ModelReader.open`."""
        try:
            return OpenIfc(ifcopenshell.open(path, format=".ifc"))
        except (ifcopenshell.Error, OSError) as error:
            raise ModelRefusedError(str(error)) from error


class OpenIfc:
    """One IFC file, parsed."""

    def __init__(self, file: ifcopenshell.file) -> None:
        self.file = file

    def outline(self) -> BuildingModel:
        """Structure and claims, in metres."""
        return outline(self.file)

    def validate(self, *, express: bool, progress: Progress) -> ValidationReport:
        """Schema, then the normative rules."""
        raise NotImplementedError

    def meshes(self, limits: Limits, progress: Progress) -> Iterator[Mesh]:
        """The triangles of every product that has a shape."""
        from arxos.formats.ifc.meshing import meshes

        return meshes(self.file, limits, progress)
