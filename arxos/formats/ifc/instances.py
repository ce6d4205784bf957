"""Careful access to IfcOpenShell's instances: a file that breaks its schema must not break its reader."""

import math
from typing import Any

import ifcopenshell

Instance = ifcopenshell.entity_instance


def instances_of(file: ifcopenshell.file, entity: str) -> tuple[Any, ...]:
    """All instances of the entity and its subtypes; none where the file's schema has no such entity."""
    try:
        return tuple(file.by_type(entity))
    except RuntimeError:
        return ()


def attribute(instance: Any, name: str) -> Any:
    """The attribute's value; None where it is absent, not of this schema, or not readable."""
    try:
        return getattr(instance, name, None)
    except (RuntimeError, ValueError, UnicodeError):  # a value of the wrong type, as IfcOpenShell reports it
        return None


def one(instance: Any, name: str) -> Any:
    """The one instance that the attribute leads to; None where it holds anything else."""
    value = attribute(instance, name)
    return value if isinstance(value, Instance) else None


def many(instance: Any, name: str) -> tuple[Any, ...]:
    """The instances that the attribute leads to, one or several; what else it may hold is left out."""
    value = attribute(instance, name)
    values = value if isinstance(value, tuple) else (value,)
    return tuple(item for item in values if isinstance(item, Instance))


def text(instance: Any, name: str) -> str | None:
    """The attribute as text; None where it is absent, blank or no text."""
    value = attribute(instance, name)
    return value if isinstance(value, str) and value.strip() else None


def number(value: Any) -> float | None:
    """A measure or plain number as a finite float, else None."""
    inner = getattr(value, "wrappedValue", value)
    if isinstance(inner, int | float) and not isinstance(inner, bool) and math.isfinite(inner):
        return float(inner)
    return None


def global_id(instance: Any) -> str:
    """The instance's GlobalId, or its number in the file (`#12`) where it has none."""
    return text(instance, "GlobalId") or f"#{instance.id()}"
