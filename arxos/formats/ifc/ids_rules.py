"""A client's own requirements, written down as IDS (buildingSMART's Information Delivery Specification), as rules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import ifctester.ids
from xmlschema import XMLSchemaException

from arxos.domain.buildings.findings import Severity, ValidationReport
from arxos.domain.buildings.rules.rule import Checks, Fault, Rule, judge_by, report_of
from arxos.domain.errors import InvalidError
from arxos.formats.ifc.ifc_model import IfcModel, fault
from arxos.formats.ifc.reader import open_ifc

_UNREADABLE = (XMLSchemaException, ParseError, OSError, ValueError, KeyError, ifctester.ids.IdsXmlValidationError)


def read_ids(path: Path) -> tuple[Rule[IfcModel], ...]:
    """A rule for each specification of the file, named after it. Raises InvalidError for what is no valid IDS."""
    try:
        specifications = ifctester.ids.open(str(path), validate=True).specifications
    except _UNREADABLE as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InvalidError(f"ids file {str(path)!r}: {reason[0][:200]}") from error
    return tuple(_rule(specification, number) for number, specification in enumerate(specifications, 1))


def judge_ids(rules: tuple[Rule[IfcModel], ...], path: Path) -> ValidationReport:
    """What the rules say of an IFC file. Raises ModelRefusedError."""
    model = open_ifc(path, checked=True).model
    return report_of(model.header.schema, (judge_by(rule, model) for rule in rules))


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
