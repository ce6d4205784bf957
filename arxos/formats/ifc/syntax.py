"""Whether a file is a STEP file (ISO 10303-21), from its first byte to its last.

IfcOpenShell opens most broken files without a word, and may crash on hostile ones: it gets a file only after this.
References to instances that are not there are no matter of syntax; the schema check reports them.
"""

import re
from array import array
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NoReturn

import numpy as np

from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.header import Header, read_header
from arxos.formats.ifc.references import References
from arxos.formats.ifc.step_grammar import ORDINARY_INSTANCE, WINDOW, Data
from arxos.formats.ifc.step_parser import StepParser, place

_START, _END = b"ISO-10303-21;", b"END-ISO-10303-21;"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SECTION = re.compile(rb"(?s:.*?)ENDSEC;")
_HEADER_LIMIT = 1 << 20
_MAX_NAME = 2**31 - 1  # the standard sets no limit, IfcOpenShell reads no further


def read_file_header(path: Path) -> Header:
    """Only the header: cheap whatever the size. Raises ModelRefusedError naming the place."""
    with path.open("rb") as file:
        return _opening(StepParser(file.read(_HEADER_LIMIT)))


def check_syntax(path: Path) -> Header:
    """Check the whole file without holding it in memory. Raises ModelRefusedError naming the first wrong place."""
    if path.stat().st_size == 0:
        raise ModelRefusedError("empty file")
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        return check_text(data)


def check_text(data: Data) -> Header:
    """Check a file's bytes; see `check_syntax`."""
    parser = StepParser(data)
    header = _opening(parser)
    for section in (b"ANCHOR;", b"REFERENCE;"):  # edition 3; IFC uses neither
        if parser.take_if(section):
            _pass_over(parser)
    found = _Found()
    _data_section(parser, found)
    while not parser.take_if(_END):
        _data_section(parser, found)
    _closing(parser)
    _check_names(data, found.names)
    found.references.check(data, len(found.names))
    return header


@dataclass(slots=True)
class _Found:
    """What the data sections hold: the names of their instances, and those with very many references."""

    names: "array[int]" = field(default_factory=lambda: array("Q"))
    references: References = field(default_factory=References)


def _opening(parser: StepParser) -> Header:
    if parser.data[:3] == _BYTE_ORDER_MARK:
        raise ModelRefusedError("line 1, column 1: a byte order mark stands before ISO-10303-21;")
    parser.take(_START)
    return read_header(parser)


def _closing(parser: StepParser) -> None:
    """Signatures (edition 3) may follow the end of the exchange structure, and nothing else."""
    while parser.take_if(b"SIGNATURE"):
        _pass_over(parser)
    if not parser.at_end():
        parser.refuse("nothing may follow the end of the file")


def _pass_over(parser: StepParser) -> None:
    match = _SECTION.match(parser.data, parser.position)
    if match is None:
        parser.refuse("expected ENDSEC; somewhere")
    parser.skip_to(match.end())


def _data_section(parser: StepParser, found: _Found) -> None:
    """Read a section; what it holds is added to `found`."""
    parser.take(b"DATA")
    if not parser.take_if(b";"):
        parser.values()  # edition 2: a named section
        parser.take(b";")
    while not parser.take_if(b"ENDSEC;"):
        _ordinary_instances(parser, found)
        if parser.data[parser.position : parser.position + 7] != b"ENDSEC;":
            begin = parser.position
            found.names.append(_instance(parser))
            found.references.look_at(parser.data, begin, parser.position)


def _ordinary_instances(parser: StepParser, found: _Found) -> None:
    """As many ordinary instances as follow each other."""
    data, position = parser.data, parser.position
    match_at, give = ORDINARY_INSTANCE.match, found.names.append
    while match := match_at(data, position, position + WINDOW):
        give(int(match[1]))
        position = match.end()
    parser.skip_to(position)


def _instance(parser: StepParser) -> int:
    """One instance by the exact parser, or the refusal that names what is wrong with it."""
    name = parser.name()
    parser.take(b"=")
    if parser.take_if(b"("):  # a complex instance: several records in one
        parser.check_record("an entity")
        while not parser.take_if(b")"):
            parser.check_record("an entity")
    else:
        parser.check_record("an entity")
    parser.take(b";")
    return name


def _check_names(data: Data, names: "array[int]") -> None:
    """Every name is given once, and none is #0 or too large to be read."""
    given, counts = np.unique(np.frombuffer(names, np.uint64), return_counts=True)
    if given.size and given[0] == 0:
        _refuse_name(data, 0, "#0 is no instance name")
    if given.size and given[-1] > _MAX_NAME:
        _refuse_name(data, int(given[-1]), f"#{given[-1]} is too large, names are read up to #{_MAX_NAME}")
    if (counts > 1).any():
        twice = int(given[counts > 1][0])
        _refuse_name(data, twice, f"#{twice} is given twice", occurrence=2)


def _refuse_name(data: Data, name: int, problem: str, occurrence: int = 1) -> NoReturn:
    places = [match.start() for match in re.finditer(rb"#0*%d\s*=" % name, data)]
    raise ModelRefusedError(f"{place(data, places[:occurrence][-1]) if places else 'data'}: {problem}")
