"""STEP files of the tests' own making, as text and as models in memory."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.guid

from arxos.formats.ifc.header import Header
from arxos.formats.ifc.ifc_model import IfcModel

DESCRIPTION = "FILE_DESCRIPTION(('ViewDefinition [ReferenceView_V1.2]'),'2;1');"
NAME = "FILE_NAME('house.ifc','2026-01-02T03:04:05',('Ann'),('Acme'),'Pre 1.0','Acme - Draw - 1.2.3','none');"
ONE_PERSON = "#1=IFCPERSON($,$,'Ann',$,$,$,$,$);"


def step(
    data: str = ONE_PERSON, *, schema: str = "IFC4", description: str = DESCRIPTION, name: str = NAME, more: str = ""
) -> bytes:
    """A whole STEP file around these instances."""
    header = f"HEADER;\n{description}\n{name}\nFILE_SCHEMA(('{schema}'));\n{more}ENDSEC;\n"
    return f"ISO-10303-21;\n{header}DATA;\n{data}\nENDSEC;\nEND-ISO-10303-21;\n".encode()


def written(folder: Path, content: bytes, name: str = "house.ifc") -> Path:
    """The content in a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def guid() -> str:
    """A fresh GlobalId."""
    return str(ifcopenshell.guid.new())


class Draft:
    """An IFC model in the making, filled attribute by attribute."""

    def __init__(self, schema: str = "IFC4", views: str = "CoordinationView_V2.0") -> None:
        self.file = ifcopenshell.file(schema=schema)  # type: ignore[arg-type]
        self._views = views

    def add(self, entity: str, **attributes: Any) -> Any:
        """An instance; rooted ones get a GlobalId unless they are given one."""
        instance = self.file.create_entity(entity)
        if hasattr(instance, "GlobalId"):
            instance.GlobalId = guid()
        for name, value in attributes.items():
            setattr(instance, name, value)
        return instance

    def aggregate(self, whole: Any, *parts: Any) -> Any:
        """The parts of a whole."""
        return self.add("IfcRelAggregates", RelatingObject=whole, RelatedObjects=parts)

    def contain(self, structure: Any, *elements: Any) -> Any:
        """The elements in a spatial element."""
        return self.add("IfcRelContainedInSpatialStructure", RelatingStructure=structure, RelatedElements=elements)

    def tower(self) -> tuple[Any, Any, Any, Any]:
        """(project, site, building, storey), each part of the one before."""
        chain = [self.add(entity) for entity in ("IfcProject", "IfcSite", "IfcBuilding", "IfcBuildingStorey")]
        for whole, part in pairwise(chain):
            self.aggregate(whole, part)
        return chain[0], chain[1], chain[2], chain[3]

    def model(self) -> IfcModel:
        """The draft as rules see it."""
        return IfcModel(self.file, header(description=(f"ViewDefinition [{self._views}]",), schema=self.schema))

    @property
    def schema(self) -> str:
        """The schema identifier."""
        return str(self.file.schema_identifier)


def header(*, schema: str = "IFC4", **changes: Any) -> Header:
    """A header in which everything is in order, but for the changes."""
    fields: dict[str, Any] = {
        "description": ("ViewDefinition [ReferenceView_V1.2]",),
        "implementation_level": "2;1",
        "name": "house.ifc",
        "time_stamp": "2026-01-02T03:04:05",
        "author": ("Ann",),
        "organization": ("Acme",),
        "preprocessor_version": "Pre 1.0",
        "originating_system": "Acme - Draw - 1.2.3",
        "authorization": "none",
        "schemas": (schema,),
    }
    return Header(**{**fields, **changes})
