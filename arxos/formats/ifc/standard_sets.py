"""The standard's own property and quantity sets, from the templates that IfcOpenShell carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import ifcopenshell.util.pset
from ifcopenshell import ifcopenshell_wrapper

_ENTITY_OF = {
    "P_SINGLEVALUE": "IfcPropertySingleValue", "P_ENUMERATEDVALUE": "IfcPropertyEnumeratedValue",
    "P_BOUNDEDVALUE": "IfcPropertyBoundedValue", "P_LISTVALUE": "IfcPropertyListValue",
    "P_TABLEVALUE": "IfcPropertyTableValue", "P_REFERENCEVALUE": "IfcPropertyReferenceValue",
    "Q_LENGTH": "IfcQuantityLength", "Q_AREA": "IfcQuantityArea", "Q_VOLUME": "IfcQuantityVolume",
    "Q_COUNT": "IfcQuantityCount", "Q_WEIGHT": "IfcQuantityWeight", "Q_TIME": "IfcQuantityTime",
}  # fmt: skip
_IDENTIFIERS = {"IFC2X3": "IFC2X3", "IFC4": "IFC4", "IFC4X3": "IFC4X3_ADD2"}


@dataclass(frozen=True, slots=True)
class StandardProperty:
    """A property or quantity of a set: its entity, its measure, and the values that an enumeration allows."""

    entity: str | None
    measure: str | None
    values: frozenset[Any] | None


@dataclass(frozen=True, slots=True)
class StandardSet:
    """A set: to what it may belong (entity, predefined type or None for any), and its properties by name."""

    template_type: str
    applies_to: tuple[tuple[str, str | None], ...]
    properties: Mapping[str, StandardProperty]


@cache
def standard_sets(schema: str) -> Mapping[str, StandardSet]:
    """All standard sets of `IFC2X3`, `IFC4` or `IFC4X3`, by name."""
    files = ifcopenshell.util.pset.get_template(schema).templates
    templates = (template for file in files for template in file.by_type("IfcPropertySetTemplate"))
    return {template.Name: _set(schema, template) for template in templates}


def _set(schema: str, template: Any) -> StandardSet:
    named = [_applicable(part) for part in (template.ApplicableEntity or "").split(",") if part.strip()]
    if schema == "IFC2X3":
        named = [(entity, predefined or _implied(template.Name, entity)) for entity, predefined in named]
    properties = {item.Name: _property(item) for item in template.HasPropertyTemplates or ()}
    return StandardSet(template.TemplateType or "", tuple(named), properties)


def _applicable(part: str) -> tuple[str, str | None]:
    """`IfcSpace/PARKING` is a space of that type; `IFCKERNEL/IfcProduct`, as in IFC2X3, a product of any."""
    before, _, after = part.strip().partition("/")
    if before.isupper():
        return after, None
    return before, after.upper() or None


def _implied(set_name: str, entity: str) -> str | None:
    """IFC2X3 restricts the predefined type by the set's name: `Pset_ActuatorTypeElectricActuator`."""
    suffix = set_name.removeprefix(f"Pset_{entity.removeprefix('Ifc')}").upper()
    return suffix if suffix in _predefined_types("IFC2X3", entity) else None


@cache
def _predefined_types(schema: str, entity: str) -> frozenset[str]:
    try:
        declared = ifcopenshell_wrapper.schema_by_name(_IDENTIFIERS[schema]).declaration_by_name(entity).as_entity()
    except RuntimeError:  # the templates name entities that no schema has
        return frozenset()
    for attribute in declared.all_attributes() if declared else ():
        if attribute.name() == "PredefinedType":
            kind: Any = attribute.type_of_attribute()
            return frozenset(kind.declared_type().enumeration_items())
    return frozenset()


def _property(item: Any) -> StandardProperty:
    if not item.is_a("IfcSimplePropertyTemplate"):
        return StandardProperty("IfcComplexProperty", None, None)
    listed = item.Enumerators.EnumerationValues if item.Enumerators else None
    values = frozenset(value.wrappedValue for value in listed) if listed else None
    return StandardProperty(_ENTITY_OF.get(item.TemplateType), item.PrimaryMeasureType, values)
