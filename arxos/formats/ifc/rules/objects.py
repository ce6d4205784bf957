"""OJT, OJP, BLT, GRP: objects, their types, placements, groups."""

from collections.abc import Iterator
from typing import Any

from arxos.domain.buildings.rules.rule import Checks, Fault
from arxos.formats.ifc.ifc_model import IfcModel, fault, given
from arxos.formats.ifc.instances import attribute, many, one
from arxos.formats.ifc.rules.normative import IFC4_ON, normative


@normative("OJT001", "Object Predefined Type", schemas=IFC4_ON)
def predefined_types(model: IfcModel) -> Checks:
    """A user-defined type is named, and an object whose type object says what it is does not say so itself."""
    for instance in model.of("IfcObject"):
        if not given(instance, "IsTypedBy") and _predefined(instance) == "USERDEFINED":
            yield _named(instance, "ObjectType")
    for kind in model.of("IfcTypeObject"):
        if _predefined(kind) == "USERDEFINED":
            yield _named(kind, "ElementType")
        if _predefined(kind) not in (None, "NOTDEFINED"):
            yield from (_unsaid(instance, "PredefinedType") for instance in _typed_by(kind))


def _predefined(instance: Any) -> Any:
    return attribute(instance, "PredefinedType")


def _named(instance: Any, name: str) -> Fault | None:
    if given(instance, name):
        return None
    return fault(instance, f"USERDEFINED, but {name} is empty", expected=f"{name} not empty", observed="empty")


def _typed_by(kind: Any) -> Iterator[Any]:
    for relation in many(kind, "Types") or many(kind, "ObjectTypeOf"):
        yield from many(relation, "RelatedObjects")


def _unsaid(instance: Any, name: str) -> Fault | None:
    own = given(instance, name)
    return None if own is None else fault(instance, f"{name} is its type's to say", expected="empty", observed=str(own))


@normative("OJP001", "Relative placement for elements aggregated to another element", schemas=("IFC2X3", "IFC4"))
def part_placement(model: IfcModel) -> Checks:
    """A part of an element is placed relative to that element, by a local placement."""
    for relation in model.of("IfcRelAggregates"):
        whole = one(relation, "RelatingObject")
        for part in many(relation, "RelatedObjects") if whole and whole.is_a("IfcElement") else ():
            if part.is_a("IfcElement"):
                yield _part_fault(part, whole)


def _part_fault(part: Any, whole: Any) -> Fault | None:
    placement = one(part, "ObjectPlacement")
    if placement is None or not placement.is_a("IfcLocalPlacement"):
        observed = placement.is_a() if placement else "none"
        return fault(part, "no local placement", expected="IfcLocalPlacement", observed=observed)
    host = one(whole, "ObjectPlacement")
    if host is None or attribute(placement, "PlacementRelTo") != host:
        observed = str(attribute(placement, "PlacementRelTo"))[:80]
        return fault(part, "not placed relative to its whole", expected=str(host)[:80], observed=observed)
    return None


@normative("BLT001", "Correct use of operation type attributes for doors")
def door_operation(model: IfcModel) -> Checks:
    """A user-defined operation goes with USERDEFINED, and a typed door leaves the operation to its type."""
    yield from _user_defined(model, "IfcDoor", "OperationType")


@normative("BLT002", "Correct use of partitioning type attributes for windows")
def window_partitioning(model: IfcModel) -> Checks:
    """A user-defined partitioning goes with USERDEFINED, and a typed window leaves the partitioning to its type."""
    yield from _user_defined(model, "IfcWindow", "PartitioningType")


def _user_defined(model: IfcModel, entity: str, name: str) -> Checks:
    for instance in (*model.of(entity), *model.of(f"{entity}Type")):
        if given(instance, f"UserDefined{name}") and not given(instance, "IsTypedBy"):
            own = attribute(instance, name)
            yield (
                None
                if own == "USERDEFINED"
                else fault(
                    instance, f"UserDefined{name} without {name} USERDEFINED", expected="USERDEFINED", observed=str(own)
                )
            )
    for kind in model.of(f"{entity}Type"):
        yield from (_unsaid(instance, name) for instance in _typed_by(kind) if instance.is_a(entity))


@normative("BLT003", "Stair decomposition", industry_practice=True)
def stair_parts(model: IfcModel) -> Checks:
    """A stair is made of flights, landing slabs and railings."""
    for stair in model.of("IfcStair"):
        parts = [p for r in many(stair, "IsDecomposedBy") for p in many(r, "RelatedObjects")]
        wrong = [part for part in parts if not any(part.is_a(entity) for entity in _STAIR_PARTS)]
        yield from (fault(p, "no part of a stair", expected=", ".join(_STAIR_PARTS), observed=p.is_a()) for p in wrong)
        if not wrong:
            yield None


_STAIR_PARTS = ("IfcRailing", "IfcSlab", "IfcStairFlight")


@normative("GRP001", "Acyclic groups")
def acyclic_groups(model: IfcModel) -> Checks:
    """A group is not a member of itself, not even through other groups."""
    above = {group.id(): _groups_of(group) for group in model.of("IfcGroup")}
    for group in model.of("IfcGroup"):
        cyclic = group.id() in _reachable(above, group.id())
        yield fault(group, "a member of itself", expected="acyclic", observed="a cycle") if cyclic else None


def _groups_of(group: Any) -> set[int]:
    relations = [r for r in many(group, "HasAssignments") if r.is_a("IfcRelAssignsToGroup")]
    return {above.id() for relation in relations for above in many(relation, "RelatingGroup")}


def _reachable(above: dict[int, set[int]], start: int) -> set[int]:
    reached: set[int] = set()
    frontier = set(above.get(start, ()))
    while frontier:
        reached |= frontier
        frontier = {further for group in frontier for further in above.get(group, ())} - reached
    return reached
