"""The header of a STEP file: who wrote it, when, with what, in which schema."""

from dataclasses import dataclass
from typing import NoReturn

from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.step_parser import StepParser, Value

_FIELDS = {"FILE_DESCRIPTION": 2, "FILE_NAME": 7, "FILE_SCHEMA": 1}
_OPTIONAL = ("FILE_POPULATION", "SECTION_LANGUAGE", "SECTION_CONTEXT")  # edition 2 and 3; "!…" is user defined


@dataclass(frozen=True, slots=True)
class Header:
    """The three records that every file has, decoded; a value of another type than the standard's is None."""

    description: tuple[str, ...]
    implementation_level: str | None
    name: str | None
    time_stamp: str | None
    author: tuple[str, ...]
    organization: tuple[str, ...]
    preprocessor_version: str | None
    originating_system: str | None
    authorization: str | None
    schemas: tuple[str, ...]

    @property
    def schema(self) -> str:
        """The schema that the file names; IFC allows for one, other uses of STEP for several."""
        return ", ".join(self.schemas)


def read_header(parser: StepParser) -> Header:
    """`HEADER; … ENDSEC;`. Raises ModelRefusedError for a missing, misplaced or foreign record."""
    parser.take(b"HEADER;")
    records = {name: _required(parser, name) for name in _FIELDS}
    while not parser.take_if(b"ENDSEC;"):
        _optional(parser)
    return _header(*records.values())


def _required(parser: StepParser, name: str) -> list[Value]:
    before = parser.position
    found, values = parser.record(name)
    if found != name:
        _refuse_at(parser, before, f"expected {name} in the header, got {found[:32]}")
    if len(values) != _FIELDS[name]:
        _refuse_at(parser, before, f"{name} needs {_FIELDS[name]} values, got {len(values)}")
    if name == "FILE_SCHEMA" and not _texts(values[0]):
        _refuse_at(parser, before, "FILE_SCHEMA names no schema")
    parser.take(b";")
    return values


def _optional(parser: StepParser) -> None:
    before = parser.position
    found, _ = parser.record("ENDSEC;")
    if found not in _OPTIONAL and not found.startswith("!"):
        _refuse_at(parser, before, f"{found[:32]} does not belong in the header")
    parser.take(b";")


def _header(description: list[Value], name: list[Value], schema: list[Value]) -> Header:
    return Header(
        description=_texts(description[0]),
        implementation_level=_text(description[1]),
        name=_text(name[0]),
        time_stamp=_text(name[1]),
        author=_texts(name[2]),
        organization=_texts(name[3]),
        preprocessor_version=_text(name[4]),
        originating_system=_text(name[5]),
        authorization=_text(name[6]),
        schemas=_texts(schema[0]),
    )


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _refuse_at(parser: StepParser, position: int, problem: str) -> NoReturn:
    parser.position = position
    raise ModelRefusedError(f"{parser.here()}: {problem}")
