"""JSON and words of rows besides jobs': what a newer version or a damaged row has there hides no other row."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from arxos.storage.value_loaders import UnreadableJson

E = TypeVar("E", bound=StrEnum)


def as_object(value: Any) -> dict[str, Any]:
    """The object; for what is none, one that says so."""
    return value if isinstance(value, dict) else UnreadableJson("is no object")


def as_objects(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list; nothing else of it."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def known(kind: type[E], text: Any, otherwise: E) -> E:
    """The member of that name; `otherwise` for one that this version does not know."""
    return next((one for one in kind if one == text), otherwise)


def fields_of(kind: type[Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """What a dataclass has of an object: a newer version may keep more."""
    return {field.name: value[field.name] for field in fields(kind) if field.name in value}


def counts_of(value: Any) -> dict[str, int]:
    """Numbers by name; nothing else of it."""
    return {name: one for name, one in as_object(value).items() if isinstance(one, int)}
