"""The schema check: every instance against the EXPRESS schema, by IfcOpenShell."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice, repeat
from typing import Any

import ifcopenshell
import ifcopenshell.express.rule_executor
import ifcopenshell.validate
from ifcopenshell import ifcopenshell_wrapper

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.rules.rule import IN_ORDER, MAX_FINDINGS, Checks, Fault, Rule
from arxos.formats.ifc.ifc_model import IfcModel, subject_of
from arxos.formats.ifc.instances import text

_MAX_MESSAGE = 240  # what comes after is the text of the instances involved
_FOR_INSTANCE = re.compile(r"(?:used by|for) instance #(\d+)")


def _schema(model: IfcModel) -> Checks:
    """Every attribute is there, of its type and in its bounds; references lead somewhere; GlobalIds are unique."""
    log = _Log()
    with _guarded(log):
        ifcopenshell.validate.validate(model.file, log)
    yield from chain(_parse_faults(model), log.checks())


def _express(model: IfcModel) -> Checks:
    """The WHERE rules and global rules that the EXPRESS schema states."""
    log = _Log()
    with _guarded(log):
        ifcopenshell.express.rule_executor.run(model.file, log)  # type: ignore[arg-type]  # anything that logs
    yield from log.checks()


SCHEMA = Rule("SCHEMA", "Every instance fits the schema", Severity.ERROR, _schema)
EXPRESS = Rule("EXPRESS", "The schema's own rules hold", Severity.ERROR, _express)


@contextmanager
def _guarded(log: "_Log") -> Iterator[None]:
    """A crash is kept for later, after what was found before it; settings of the process are put back as they were."""
    derived = ifcopenshell_wrapper.get_feature("use_attribute_value_derived")
    settings = ifcopenshell.settings
    unpack, compare = settings.unpack_non_aggregate_inverses, settings.compare_instances_by_value
    try:
        with _shortly_named_instances():
            yield
    except Exception as crash:  # noqa: BLE001  IfcOpenShell's checks stumble over values of the wrong type; raised by `checks`
        log.crash = crash
    finally:
        ifcopenshell_wrapper.set_feature("use_attribute_value_derived", derived)
        settings.unpack_non_aggregate_inverses, settings.compare_instances_by_value = unpack, compare


@contextmanager
def _shortly_named_instances() -> Iterator[None]:
    """Let IfcOpenShell's messages name an instance `#12=IfcWall(…)`.

    It writes out in full every instance that a wrong attribute holds: a file of 24 kB, in which one relation names the
    same wall 8,000 times, made 8,000 times the relation's 48 kB of text. Messages are cut off before that text.
    """
    whole = ifcopenshell.entity_instance.__dict__["__repr__"]  # as an attribute it would come back unbound
    ifcopenshell.entity_instance.__repr__ = _short_name  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        ifcopenshell.entity_instance.__repr__ = whole  # type: ignore[method-assign]


def _short_name(instance: ifcopenshell.entity_instance) -> str:
    return f"#{instance.id()}={instance.is_a()}(…)"  # type: ignore[no-untyped-call]


class _Log(ifcopenshell.validate.json_logger):
    """Takes what the checks say: the first findings as faults, of the rest only the count."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._faults: list[Fault] = []
        self._count = 0
        self.crash: Exception | None = None

    def log(self, level: str, message: str, *args: Any) -> None:
        if level == "info":  # how the rule executor says that a rule went too deep and was not judged
            self.crash = RecursionError(message)
            return
        self._count += 1
        if self._count <= MAX_FINDINGS:
            self._faults.append(_fault(message % args if args else message, self.state))

    def checks(self) -> Checks:
        """The faults, or one None where there is none; then the crash, if there was one."""
        yield from self._faults or IN_ORDER
        yield from repeat(Fault("one more"), self._count - len(self._faults))
        if self.crash is not None:
            raise self.crash


def _fault(message: str, state: Any) -> Fault:
    instance, place = state.get("instance"), state.get("attribute")
    about = _one_line(f"{place}: {message}" if place else message)[:_MAX_MESSAGE]
    if isinstance(instance, ifcopenshell.entity_instance):
        return Fault(about, text(instance, "GlobalId"), subject_of(instance))
    return Fault(about, None, _one_line(str(instance)) if instance else None)


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _parse_faults(model: IfcModel) -> Checks:
    """What IfcOpenShell remarked while parsing: dangling references, unknown entities, wrong numbers of attributes."""
    lines = model.parse_log.split("\n")
    for line in islice(filter(None, lines), MAX_FINDINGS):
        yield _parse_fault(model, str(json.loads(line)["message"]))
    yield from repeat(Fault("one more"), sum(map(bool, lines)) - MAX_FINDINGS)


def _parse_fault(model: IfcModel, message: str) -> Fault:
    about = _one_line(message)
    if (named := _FOR_INSTANCE.search(about)) is None:
        return Fault(about)
    try:
        instance = model.file.by_id(int(named[1]))
    except RuntimeError:  # the instance itself was dropped
        return Fault(about, None, f"#{named[1]}")
    return Fault(about, text(instance, "GlobalId"), subject_of(instance))
