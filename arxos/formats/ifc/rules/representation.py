"""GEM, BBX, MPD: representations and their contexts."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from arxos.domain.buildings.rules.rule import IN_ORDER, Checks, Fault
from arxos.formats.ifc.ifc_model import IfcModel, fault, given
from arxos.formats.ifc.instances import attribute, many, one
from arxos.formats.ifc.rules.normative import IFC4_ON, normative

_IDENTIFIERS = frozenset({
    "CoG", "Box", "Annotation", "Axis", "FootPrint", "Profile", "Surface", "Reference", "Body", "Body-Fallback",
    "Clearance", "Lighting",
})  # fmt: skip
_IFC2X3_TYPES = frozenset({
    "Curve2D", "GeometricSet", "GeometricCurveSet", "Annotation2D", "SurfaceModel", "SolidModel", "SweptSolid", "Brep",
    "CSG", "Clipping", "AdvancedSweptSolid", "BoundingBox", "SectionedSpine", "MappedRepresentation",
})  # fmt: skip
_IFC4_TYPES = _IFC2X3_TYPES | {
    "Point", "PointCloud", "Curve", "Curve3D", "Surface", "Surface2D", "Surface3D", "FillArea", "Text",
    "AdvancedSurface", "Tessellation", "SurfaceOrSolidModel", "AdvancedBrep", "LightSource",
}  # fmt: skip
_SHAPE_TYPES = {
    "IFC2X3": _IFC2X3_TYPES,
    "IFC4": _IFC4_TYPES,
    "IFC4X3": _IFC4_TYPES | {"Segment", "SectionedSurface"},
}
_TOPOLOGY_TYPES = frozenset({"Vertex", "Edge", "Path", "Face", "Shell", "Undefined"})
_CONTEXT_TYPES = ("Model", "Plan", "NotDefined")
_SPACE_BODIES = ("SweptSolid", "Clipping", "Brep", "Tessellation")


def _representations(product: Any) -> tuple[Any, ...]:
    return many(one(product, "Representation"), "Representations")


@normative("GEM051", "Presence of Geometric Context", industry_practice=True)
def geometric_context(model: IfcModel) -> Checks:
    """The project has a geometric representation context, of type Model, Plan or NotDefined."""
    owners = model.of("IfcProject" if model.schema == "IFC2X3" else "IfcContext")
    contexts = [c for owner in owners for c in many(owner, "RepresentationContexts")]
    if owners and not contexts:
        yield fault(owners[0], "no geometric context", expected="IfcGeometricRepresentationContext", observed="none")
    yield from map(_context_fault, contexts)


def _context_fault(context: Any) -> Fault | None:
    if not context.is_a("IfcGeometricRepresentationContext"):
        expected = "IfcGeometricRepresentationContext"
        return fault(context, "not a geometric context", expected=expected, observed=context.is_a())
    kind = attribute(context, "ContextType")
    if kind is not None and str(kind).lower() in (known.lower() for known in _CONTEXT_TYPES):
        return None
    return fault(context, "wrong context type", expected=" or ".join(_CONTEXT_TYPES), observed=str(kind))


@normative("GEM052", "Correct geometric subcontexts", schemas=IFC4_ON, industry_practice=True)
def subcontexts(model: IfcModel) -> Checks:
    """Each geometric context has a subcontext, and each subcontext a standard identifier."""
    for context in model.exactly("IfcGeometricRepresentationContext"):
        bare = not given(context, "HasSubContexts")
        yield fault(context, "no subcontext", expected="at least 1", observed="0") if bare else None
    for context in model.of("IfcGeometricRepresentationSubContext"):
        identifier = attribute(context, "ContextIdentifier")
        yield (
            None
            if identifier in _IDENTIFIERS
            else fault(
                context, "no standard identifier", expected=", ".join(sorted(_IDENTIFIERS)), observed=str(identifier)
            )
        )


@normative("GEM002", "Space representation")
def space_body(model: IfcModel) -> Checks:
    """A space has a Body of a solid type, and with a Brep body a FootPrint besides."""
    for space in model.of("IfcSpace"):
        yield _space_body_fault(space)


def _space_body_fault(space: Any) -> Fault | None:
    by_identifier = {attribute(r, "RepresentationIdentifier"): r for r in _representations(space)}
    if (body := by_identifier.get("Body")) is None:
        return fault(space, "no Body", expected="Body", observed=", ".join(map(str, by_identifier)) or "none")
    kind = attribute(body, "RepresentationType")
    if kind not in _SPACE_BODIES:
        return fault(space, "unsuitable Body", expected=", ".join(_SPACE_BODIES), observed=str(kind))
    if kind == "Brep" and "FootPrint" not in by_identifier:
        return fault(space, "a Brep body without a FootPrint", expected="FootPrint", observed="none")
    return None


@normative("GEM003", "Unique Representation Identifier")
def unique_identifiers(model: IfcModel) -> Checks:
    """No two representations of one product have the same identifier."""
    for product in model.of("IfcProduct"):
        names = Counter(attribute(r, "RepresentationIdentifier") for r in _representations(product))
        if names:
            twice = [str(name) for name, count in names.items() if count > 1]
            yield fault(product, "identifier used twice", expected="once", observed=", ".join(twice)) if twice else None


@normative("GEM004", "Constraints on representation identifiers")
def standard_representations(model: IfcModel) -> Checks:
    """A product's representations have types, and since IFC4 identifiers, that the standard lists."""
    identifiers = None if model.schema == "IFC2X3" else _IDENTIFIERS
    types = {"IfcShapeRepresentation": _SHAPE_TYPES[model.schema], "IfcTopologyRepresentation": _TOPOLOGY_TYPES}
    for product in model.of("IfcProduct"):
        for representation in _representations(product):
            yield _unlisted(product, representation, "RepresentationIdentifier", identifiers)
            yield _unlisted(product, representation, "RepresentationType", types.get(representation.is_a()))


def _unlisted(product: Any, representation: Any, name: str, listed: frozenset[str] | None) -> Fault | None:
    value = given(representation, name)
    if listed is None or value is None or value in listed:
        return None
    return fault(
        product, f"{name} is not one of the standard's", expected=", ".join(sorted(listed)), observed=str(value)
    )


@normative("BBX001", "Bounding Box Shape Representation")
def bounding_boxes(model: IfcModel) -> Checks:
    """The representation Box is of type BoundingBox, and the other way round."""
    for product in model.of("IfcProduct"):
        for representation in _representations(product):
            pair = (
                attribute(representation, "RepresentationIdentifier"),
                attribute(representation, "RepresentationType"),
            )
            if pair == ("Box", "BoundingBox"):
                yield None
            elif pair[0] == "Box" or pair[1] == "BoundingBox":
                yield fault(
                    product, "half a bounding box", expected="Box, BoundingBox", observed=f"{pair[0]}, {pair[1]}"
                )


@normative("MPD001", "Correct use of RepresentationType and RepresentationIdentifier in the context of IfcMappedItem")
def mapped_items(model: IfcModel) -> Checks:
    """Mapped representations carry the identifier of the one that maps them, and agree on their type."""
    for representation in model.of("IfcShapeRepresentation"):
        if mapped := list(_mapped(representation)):
            yield from _mapping_faults(representation, mapped) or IN_ORDER


def _mapped(representation: Any) -> Iterator[Any]:
    for item in many(representation, "Items"):
        if item.is_a("IfcMappedItem"):
            yield from many(one(item, "MappingSource"), "MappedRepresentation")


def _mapping_faults(representation: Any, mapped: list[Any]) -> list[Fault]:
    own = attribute(representation, "RepresentationIdentifier")
    identifiers = {attribute(m, "RepresentationIdentifier") for m in mapped} - {own}
    types = {attribute(m, "RepresentationType") for m in mapped}
    faults = []
    if identifiers:
        observed = ", ".join(map(str, identifiers))
        faults.append(fault(representation, "maps another identifier", expected=str(own), observed=observed))
    if len(types) > 1:
        observed = ", ".join(sorted(map(str, types)))
        faults.append(fault(representation, "maps several types", expected="one type", observed=observed))
    return faults
