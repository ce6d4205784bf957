"""An IFC file as its rules see it."""

from dataclasses import dataclass, field
from typing import Any

import ifcopenshell

from arxos.domain.buildings.rules.rule import Fault
from arxos.formats.ifc.header import Header
from arxos.formats.ifc.instances import attribute, instances_of, text


@dataclass(frozen=True, slots=True)
class IfcModel:
    """The parsed file with its header. Instances by type are looked up once and shared by all rules."""

    file: ifcopenshell.file
    header: Header
    parse_log: str = ""  # IfcOpenShell's remarks while parsing, a JSON object a line
    _by_type: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        """`IFC2X3`, `IFC4` or `IFC4X3`: the version without its addenda."""
        return str(self.file.schema)

    def of(self, entity: str) -> tuple[Any, ...]:
        """All instances of the entity and its subtypes; none where the schema has no such entity."""
        if entity not in self._by_type:
            self._by_type[entity] = instances_of(self.file, entity)
        return self._by_type[entity]

    def exactly(self, entity: str) -> list[Any]:
        """All instances of the entity itself, without its subtypes."""
        return [instance for instance in self.of(entity) if instance.is_a() == entity]


def fault(instance: Any, message: str, *, expected: str | None = None, observed: str | None = None) -> Fault:
    """What is wrong with this instance."""
    return Fault(message, text(instance, "GlobalId"), subject_of(instance), expected, observed)


def subject_of(instance: Any) -> str:
    """The instance as people name it: `IfcWall 'W-01' #12`."""
    name = text(instance, "Name")
    return f"{instance.is_a()} {name[:80]!r} #{instance.id()}" if name else f"{instance.is_a()} #{instance.id()}"


def given(instance: Any, name: str) -> Any:
    """The attribute where it says something: no empty set, no blank text; None otherwise."""
    value = attribute(instance, name)
    return None if value == () or (isinstance(value, str) and not value.strip()) else value
