"""Finds every job kind in the files beside this one: no list to edit."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

import arxos.tasks
from arxos.domain.errors import InvalidPayloadError, UnknownKindError
from arxos.tasks.kind import JobKind, Payload


@cache
def all_kinds(*, probes: bool = False) -> Mapping[str, JobKind[Any]]:
    """Every kind by name. Probe kinds only where `probes` says so."""
    kinds = {kind.name: kind for kind in _declared() if probes or not kind.probe}
    return MappingProxyType(dict(sorted(kinds.items())))


def _declared() -> Iterator[JobKind[Any]]:
    for module in pkgutil.iter_modules(arxos.tasks.__path__, "arxos.tasks."):
        members = vars(importlib.import_module(module.name)).values()
        yield from (member for member in members if isinstance(member, JobKind))


def find_kind(kinds: Mapping[str, JobKind[Any]], name: str) -> JobKind[Any]:
    """The kind of that name. Raises UnknownKindError."""
    try:
        return kinds[name]
    except KeyError:
        raise UnknownKindError(f"no job kind {name!r}") from None


def parse_payload(kind: JobKind[Any], payload: Mapping[str, Any]) -> Payload:
    """The payload by its contract. Raises InvalidPayloadError naming each field that does not fit."""
    try:
        parsed: Payload = kind.payload.model_validate(payload)
    except ValidationError as error:
        fields = {f"payload.{place}" if place else "payload": words for place, words in problems(error).items()}
        raise InvalidPayloadError(f"payload of {kind.name}: {describe(error)}", fields) from error
    return parsed


def describe(error: ValidationError) -> str:
    """One line for a pydantic error: each place and what is wrong there, never the value."""
    return "; ".join(f"{place or 'payload'}: {words}" for place, words in problems(error).items())


def problems(error: ValidationError) -> dict[str, str]:
    """What is wrong, by its place: ``{"after.0.id": "input should be a valid uuid"}``; '': the whole."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return {".".join(map(str, one["loc"])): one["msg"].lower() for one in found}
