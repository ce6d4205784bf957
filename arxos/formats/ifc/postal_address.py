"""The postal address that a file states, in one line as on an envelope."""

from typing import Any

import ifcopenshell

from arxos.formats.ifc.instances import attribute, instances_of, one, text

_STATED = (("IfcBuilding", "BuildingAddress"), ("IfcSite", "SiteAddress"))
_PLACEHOLDERS = ("enter address here",)  # Revit's, when nobody did


def address_line(file: ifcopenshell.file) -> str | None:
    """`Street 1, 1012 AB Town, Region, Country` of the first building or site that has one; None otherwise."""
    for entity, name in _STATED:
        for instance in instances_of(file, entity):
            if (address := one(instance, name)) is not None and (line := _one_line(address)):
                return line
    return None


def _one_line(address: Any) -> str:
    street = [line for line in _lines(address) if isinstance(line, str)]
    town = " ".join(filter(None, (text(address, "PostalCode"), text(address, "Town"))))
    parts = [*street, text(address, "PostalBox"), town, text(address, "Region"), text(address, "Country")]
    return ", ".join(" ".join(part.split()) for part in parts if part and not _empty(part))


def _lines(address: Any) -> tuple[Any, ...]:
    lines = attribute(address, "AddressLines")
    return lines if isinstance(lines, tuple) else ()


def _empty(part: str) -> bool:
    return not part.strip() or part.strip().lower() in _PLACEHOLDERS
