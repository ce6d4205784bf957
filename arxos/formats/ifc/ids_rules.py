"""A client's own requirements, written down as IDS (buildingSMART's Information Delivery Specification), as rules."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import ifctester.ids
from ifctester.facet import Restriction
from xmlschema import XMLSchemaException

from arxos.domain.buildings.findings import Severity, ValidationReport
from arxos.domain.buildings.rules.rule import Checks, Fault, Judgement, Rule, inconclusive, judge_by, report_of
from arxos.domain.errors import InvalidError
from arxos.formats.ifc.ids_file import check_ids_file
from arxos.formats.ifc.ifc_model import IfcModel, fault
from arxos.formats.ifc.isolated_call import CallLimits, CutShortError, isolated_call
from arxos.formats.ifc.reader import open_ifc

_UNREADABLE = (XMLSchemaException, ParseError, OSError, ValueError, KeyError, ifctester.ids.IdsXmlValidationError)
_SHOWN = 3  # patterns that a reason names
READING = CallLimits(seconds=60, memory_mb=1024)


@dataclass(frozen=True, slots=True)
class IdsLimits:
    """What a check by an IDS file may take. `rule_s`: one specification; `total_s`: all of them, after reading."""

    rule_s: float = 120.0
    total_s: float = 1800.0
    reading_s: float = 900.0  # the model and the IDS file
    memory_mb: int = 4096


@dataclass(frozen=True, slots=True)
class Specification:
    """A specification as a rule; `patterns`: the regular expressions that it asks values to match."""

    rule: Rule[IfcModel]
    patterns: tuple[str, ...] = ()


def check_ids(path: Path) -> None:
    """Refuse what is no valid IDS file, or cannot be read within bounds. Raises InvalidError."""
    try:
        isolated_call(lambda: len(read_ids(path)), READING)
    except CutShortError as cut:
        raise InvalidError(f"ids file {str(path)!r}: {cut}") from cut


def judge_ids(ids: Path, path: Path, limits: IdsLimits = IdsLimits()) -> ValidationReport:
    """What the specifications of an IDS file say of an IFC file. Raises InvalidError, ModelRefusedError, CutShortError.

    Both files are strangers' and are read in a child process. Each specification is judged in one of its own: what its
    patterns do with the model's text may take for ever. Such a one is inconclusive, and the others are judged.
    """
    whole = CallLimits(limits.reading_s + limits.total_s, limits.memory_mb)
    return isolated_call(lambda: _judge_all(ids, path, limits), whole)


def _judge_all(ids: Path, path: Path, limits: IdsLimits) -> ValidationReport:
    specifications, model = read_ids(ids), open_ifc(path, checked=True).model
    deadline = time.monotonic() + limits.total_s
    return report_of(model.header.schema, [_judge(one, model, limits, deadline) for one in specifications])


def _judge(one: Specification, model: IfcModel, limits: IdsLimits, deadline: float) -> Judgement:
    seconds = min(limits.rule_s, max(0.0, deadline - time.monotonic()))
    try:
        return isolated_call(lambda: judge_by(one.rule, model), CallLimits(seconds, limits.memory_mb))
    except CutShortError as cut:
        patterns = ", ".join(repr(pattern[:100]) for pattern in one.patterns[:_SHOWN])
        return inconclusive(one.rule, f"{cut}; patterns {patterns}" if patterns else str(cut))


def read_ids(path: Path) -> tuple[Specification, ...]:
    """The specifications of the file. Raises InvalidError for what is no valid IDS. Not bounded: see `check_ids`."""
    try:
        check_ids_file(path)
        specifications = ifctester.ids.open(str(path), validate=True).specifications
    except (*_UNREADABLE, InvalidError, RecursionError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InvalidError(f"ids file {str(path)!r}: {reason[0][:200]}") from error
    return tuple(
        Specification(_rule(specification, number), tuple(_patterns(specification)))
        for number, specification in enumerate(specifications, 1)
    )


def _patterns(specification: Any) -> Iterator[str]:
    for facet in (*specification.applicability, *specification.requirements):
        for value in vars(facet).values():
            if isinstance(value, Restriction) and "pattern" in value.options:
                patterns = value.options["pattern"]
                yield from patterns if isinstance(patterns, list) else [patterns]


def _rule(specification: Any, number: int) -> Rule[IfcModel]:
    def check(model: IfcModel) -> Checks:
        specification.reset_status()
        specification.validate(model.file)  # of whatever version: so do the cases of IDS itself
        yield from _checks(specification)

    name = " ".join(specification.name.split()) or "unnamed"
    return Rule(f"IDS{number}:{name}", specification.description or name, Severity.ERROR, check)


def _checks(specification: Any) -> Checks:
    faults = list(_faults(specification))
    yield from faults
    if not faults and specification.status is False:  # required and not there, or there and prohibited
        found = len(specification.applicable_entities)
        expected = "none" if specification.maxOccurs == 0 else "at least 1"
        yield Fault("the wrong number of things that it applies to", None, "model", expected, str(found))
    yield from (None for entity in specification.applicable_entities if entity not in specification.failed_entities)


def _faults(specification: Any) -> Iterator[Fault]:
    for facet in specification.requirements:
        asked = facet.to_string("requirement", specification, facet)
        for failure in facet.failures:
            yield fault(failure["element"], failure["reason"], expected=asked)
