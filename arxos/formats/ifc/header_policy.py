"""buildingSMART's header policy: what the header's fields must say, beyond being well-formed."""

import re
from collections.abc import Callable
from datetime import datetime

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.rules.rule import Checks, Fault, Rule
from arxos.formats.ifc.header import Header

# Model view definitions in use per schema; any "…AddOnView" may join a coordination view.
_VIEWS = {
    "IFC2X3": ("CoordinationView_V2.0", "SpaceBoundaryAddonView", "BasicFMHandoverView", "StructuralAnalysisView"),
    "IFC4": ("ReferenceView_V1.2", "IFC4Precast"),
    "IFC4X3_ADD2": ("ReferenceView", "Alignment-basedView"),
}
_ENTRY = re.compile(r"\s*(?P<keyword>\w+)\s*\[(?P<values>[^\[\]]+)\]\s*", re.ASCII)
_VIEW_NAME = re.compile(r"[A-Za-z0-9 _.-]+")
_ORIGIN = re.compile(r"(?P<company>.+) - (?P<application>.+) - (?P<version>.+)")
_TIME_STAMP = re.compile(r"\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-][01]\d:[0-5]\d)?")
_VERSION = re.compile(  # as Python's packaging understands a version: 26.0.0.0, v1.2rc1, 2024.1.post2+build.5
    r"v?(\d+!)?\d+(\.\d+)*([-_.]?(a|alpha|b|beta|c|rc|pre|preview|post|rev|r|dev)[-_.]?\d*|-\d+)*(\+[a-z0-9]+([-_.][a-z0-9]+)*)?",
    re.IGNORECASE,
)


def view_definitions(header: Header) -> tuple[str, ...] | None:
    """The model view definitions in the description; None where it is not `Keyword [values]` throughout."""
    text, position, views = " ".join(header.description), 0, list[str]()
    while position < len(text):
        entry = _ENTRY.match(text, position)
        if entry is None:
            return None
        if entry["keyword"] == "ViewDefinition":
            views += [view.strip() for view in entry["values"].split(",")]
        position = entry.end()
    return tuple(views) if all(map(_VIEW_NAME.fullmatch, views)) else None


def _policy(field: str, requirement: str, check: Callable[[Header], tuple[str, bool]]) -> Rule[Header]:
    def checked(header: Header) -> Checks:
        observed, in_order = check(header)
        yield None if in_order else Fault(requirement, None, f"header {field}", requirement, observed)

    return Rule(f"header:{field}", f"Header: {requirement}", Severity.WARNING, checked)


def _description(header: Header) -> tuple[str, bool]:
    views = view_definitions(header) or ()
    known = _VIEWS.get(header.schema, ())
    add_on = any("AddOnView" in view for view in views)
    stands = not add_on or any("CoordinationView" in view for view in views)
    return "; ".join(header.description), bool(views) and stands and all(v in known or "AddOnView" in v for v in views)


def _time_stamp(header: Header) -> tuple[str, bool]:
    stamp = header.time_stamp or ""
    return stamp, bool(_TIME_STAMP.fullmatch(stamp)) and _is_a_time(stamp)


def _is_a_time(stamp: str) -> bool:
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return True


def _listed(values: tuple[str, ...]) -> tuple[str, bool]:
    return ", ".join(values), bool(values)


def _part(header: Header, name: str) -> str:
    match = _ORIGIN.match(header.originating_system or "")
    return match[name] if match else ""


def _plain(text: str) -> tuple[str, bool]:
    """Neither blank nor padded, and without a hyphen, which separates the parts."""
    return text, bool(text) and text == text.strip() and "-" not in text


def _origin(header: Header) -> tuple[str, bool]:
    return header.originating_system or "", bool(_ORIGIN.match(header.originating_system or ""))


def _version(header: Header) -> tuple[str, bool]:
    version = _part(header, "version")
    return version, bool(_VERSION.fullmatch(version))


HEADER_RULES = (
    _policy("description", "a model view definition of the schema", _description),
    _policy("time_stamp", "a date and time by ISO 8601", _time_stamp),
    _policy("author", "at least one author", lambda header: _listed(header.author)),
    _policy("organization", "at least one organization", lambda header: _listed(header.organization)),
    _policy("authorization", "an authorization", lambda h: (h.authorization or "", h.authorization is not None)),
    _policy("originating_system", "'Company - Application - Version'", _origin),
    _policy("company_name", "a company without hyphens", lambda header: _plain(_part(header, "company"))),
    _policy("application_name", "an application without hyphens", lambda header: _plain(_part(header, "application"))),
    _policy("version", "a version number such as 26.0.1", _version),
)
