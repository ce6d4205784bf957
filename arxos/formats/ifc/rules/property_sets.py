"""PSE, QTY: property and quantity sets."""

import re
from collections.abc import Iterator
from typing import Any

from arxos.domain.buildings.rules.rule import IN_ORDER, Checks, Fault
from arxos.formats.ifc.ifc_model import IfcModel, fault, given
from arxos.formats.ifc.instances import attribute, many, one
from arxos.formats.ifc.rules.normative import normative
from arxos.formats.ifc.standard_sets import StandardProperty, StandardSet, standard_sets

_PSET = re.compile(r"pset", re.IGNORECASE)
_NOT_ON_OCCURRENCES = ("PSET_TYPEDRIVENONLY", "QTO_TYPEDRIVENONLY")
_NOT_ON_TYPES = ("PSET_OCCURRENCEDRIVEN", "PSET_PERFORMANCEDRIVEN", "QTO_OCCURRENCEDRIVEN")


@normative("PSE001", "Standard properties and property sets validation")
def standard_properties(model: IfcModel) -> Checks:
    """A set named Pset_… is one of the standard's, on what it is for, with its properties, their types and values."""
    for properties in model.of("IfcPropertySet"):
        if str(attribute(properties, "Name")).startswith("Pset_"):
            yield from list(_set_faults(model, properties, "HasProperties")) or IN_ORDER


@normative("PSE002", "Custom properties and property sets validation", industry_practice=True)
def custom_properties(model: IfcModel) -> Checks:
    """No custom property set has a name that begins like the standard's Pset_, in whatever case."""
    for properties in model.of("IfcPropertySet"):
        name = attribute(properties, "Name")
        if isinstance(name, str) and not name.startswith("Pset_"):
            alike = _PSET.match(name)
            yield (
                fault(properties, "named like a standard set", expected="another prefix", observed=name)
                if alike
                else None
            )


@normative("QTY001", "Standard quantities and quantity sets validation")
def standard_quantities(model: IfcModel) -> Checks:
    """A set named Qto_… is one of the standard's, on what it is for, with its quantities, by the base method."""
    for quantities in model.of("IfcElementQuantity"):
        if str(attribute(quantities, "Name")).startswith("Qto_"):
            yield from [*_set_faults(model, quantities, "Quantities"), *_method_faults(quantities)] or IN_ORDER


def _method_faults(quantities: Any) -> Iterator[Fault]:
    method = attribute(quantities, "MethodOfMeasurement")
    if method != "BaseQuantities":
        yield fault(quantities, "wrong method of measurement", expected="BaseQuantities", observed=str(method))


def _set_faults(model: IfcModel, owner: Any, items: str) -> Iterator[Fault]:
    standard = standard_sets(model.schema).get(owner.Name)
    if standard is None:
        yield fault(owner, "no such standard set", observed=owner.Name)
        return
    yield from filter(None, (_assigned(owner, standard, bearer) for bearer in _bearers(owner)))
    for item in many(owner, items):
        if found := _item_fault(owner, item, standard.properties.get(attribute(item, "Name"))):
            yield found


def _bearers(owner: Any) -> Iterator[Any]:
    for relation in many(owner, "PropertyDefinitionOf") or many(owner, "DefinesOccurrence"):
        yield from many(relation, "RelatedObjects")
    yield from many(owner, "DefinesType")


def _assigned(owner: Any, standard: StandardSet, bearer: Any) -> Fault | None:
    is_type = bearer.is_a("IfcTypeObject")
    if standard.template_type in (_NOT_ON_TYPES if is_type else _NOT_ON_OCCURRENCES):
        return fault(owner, "not for types" if is_type else "only for types", observed=bearer.is_a())
    fitting = [predefined for entity, predefined in standard.applies_to if _is_a(bearer, entity, is_type=is_type)]
    if not fitting:
        expected = ", ".join(dict.fromkeys(entity for entity, _ in standard.applies_to))
        return fault(owner, f"not for {bearer.is_a()}", expected=expected, observed=bearer.is_a())
    predefined = _predefined_type(bearer)
    if None not in fitting and predefined not in fitting:
        return fault(owner, "not for this type", expected=", ".join(map(str, fitting)), observed=str(predefined))
    return None


def _is_a(bearer: Any, entity: str, *, is_type: bool) -> bool:
    """A set for walls is for wall types, too; what the schema does not know, nothing is."""
    names = (entity, f"{entity}Type", f"{entity}Style") if is_type else (entity,)
    return any(_known_is_a(bearer, name) for name in names)


def _known_is_a(bearer: Any, name: str) -> bool:
    try:
        return bool(bearer.is_a(name))
    except RuntimeError:
        return False


def _predefined_type(bearer: Any) -> str | None:
    """What the object says it is, else what its type says; of USERDEFINED, the name given."""
    named = "ElementType" if bearer.is_a("IfcTypeObject") else "ObjectType"
    own = given(bearer, "PredefinedType")
    if own is not None:
        return str(given(bearer, named) if own == "USERDEFINED" else own).upper()
    for relation in many(bearer, "IsTypedBy") or many(bearer, "IsDefinedBy"):
        kind = one(relation, "RelatingType") if relation.is_a("IfcRelDefinesByType") else None
        if kind is not None and kind.is_a("IfcTypeObject"):
            return _predefined_type(kind)
    return None


def _item_fault(owner: Any, item: Any, standard: StandardProperty | None) -> Fault | None:
    name = str(attribute(item, "Name"))
    if standard is None:
        return fault(owner, f"has no {name[:80]!r} in the standard", observed=name)
    if standard.entity and not item.is_a(standard.entity):
        return fault(owner, f"{name!r} is of the wrong kind", expected=standard.entity, observed=item.is_a())
    return _value_fault(owner, item, standard)


def _value_fault(owner: Any, item: Any, standard: StandardProperty) -> Fault | None:
    if item.is_a("IfcPropertySingleValue") and standard.measure:
        value = one(item, "NominalValue")
        if value is not None and not _known_is_a(value, standard.measure):
            return fault(owner, f"{item.Name} has the wrong measure", expected=standard.measure, observed=value.is_a())
    if item.is_a("IfcPropertyEnumeratedValue") and standard.values:
        values = [value.wrappedValue for value in many(item, "EnumerationValues")]
        if wrong := [str(value) for value in values if value not in standard.values]:
            expected = ", ".join(sorted(map(str, standard.values)))
            return fault(owner, f"{item.Name!r} has a wrong value", expected=expected, observed=", ".join(wrong))
    return None
