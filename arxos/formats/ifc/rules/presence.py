"""The …000 rules: whether the model uses a part of the standard at all. They pass or do not apply, and never fail."""

from collections.abc import Callable, Iterator
from typing import Any

from arxos.domain.buildings.rules.rule import Checks, Rule
from arxos.formats.ifc.ifc_model import IfcModel
from arxos.formats.ifc.instances import attribute, many, one
from arxos.formats.ifc.rules.normative import ALL, IFC4_ON, IFC4X3, normative

Find = Callable[[IfcModel], Iterator[Any]]


def _presence(rule_id: str, title: str, find: Find, *, schemas: tuple[str, ...] = ALL) -> Rule[IfcModel]:
    def check(model: IfcModel) -> Checks:
        for _ in find(model):
            yield None
            return

    check.__doc__ = f"Whether the model holds {title[0].lower()}{title[1:]}."
    return normative(rule_id, title, schemas=schemas)(check)


def _any(*entities: str) -> Find:
    return lambda model: (instance for entity in entities for instance in model.of(entity))


def _represented(entity: str, name: str, value: str) -> Find:
    """Products that have a representation with this attribute."""
    return lambda model: (r for r in _representations(model, entity) if attribute(r, name) == value)


def _representations(model: IfcModel, entity: str) -> Iterator[Any]:
    for product in model.of(entity):
        yield from many(one(product, "Representation"), "Representations")


def _placed(kind: str) -> Find:
    return lambda model: (p for p in model.of("IfcProduct") if (at := one(p, "ObjectPlacement")) and at.is_a(kind))


def _associated(relation: str, name: str, *kinds: str) -> Find:
    """Object definitions to which something of these kinds is associated."""
    return lambda model: (
        r
        for r in model.of(relation)
        if any(o.is_a("IfcObjectDefinition") or o.is_a("IfcObject") for o in many(r, "RelatedObjects"))
        and (what := one(r, name))
        and (not kinds or any(map(what.is_a, kinds)))
    )


def _composed(model: IfcModel) -> Iterator[Any]:
    for relation in model.of("IfcRelAggregates"):
        whole = one(relation, "RelatingObject")
        if whole and whole.is_a("IfcElement"):
            yield from (part for part in many(relation, "RelatedObjects") if part.is_a("IfcElement"))


def _coloured(model: IfcModel) -> Iterator[Any]:
    yield from (styled for styled in model.of("IfcStyledItem") if one(styled, "Item"))
    yield from (colours for colours in model.of("IfcIndexedColourMap") if one(colours, "MappedTo"))
    for representation in model.of("IfcMaterialDefinitionRepresentation"):
        for styled in many(representation, "Representations"):
            yield from (item for item in many(styled, "Items") if item.is_a("IfcStyledItem"))


def _layered(model: IfcModel) -> Iterator[Any]:
    yield from (layer for layer in model.of("IfcPresentationLayerAssignment") if many(layer, "AssignedItems"))


def _grouped(model: IfcModel) -> Iterator[Any]:
    for relation in model.of("IfcRelAssignsToGroup"):
        yield from (member for member in many(relation, "RelatedObjects") if member.is_a("IfcObject"))


def _quantified(model: IfcModel) -> Iterator[Any]:
    for relation in model.of("IfcRelDefinesByProperties"):
        if any(o.is_a("IfcObject") for o in many(relation, "RelatedObjects")):
            sets = many(relation, "RelatingPropertyDefinition")
            yield from (quantities for quantities in sets if quantities.is_a("IfcElementQuantity"))


def _owned(model: IfcModel) -> Iterator[Any]:
    return (root for root in model.of("IfcRoot") if one(root, "OwnerHistory"))


def _connected(model: IfcModel) -> Iterator[Any]:
    for relation in model.of("IfcRelConnectsPorts"):
        if (port := one(relation, "RelatedPort")) and port.is_a("IfcDistributionPort"):
            yield from many(relation, "RelatingPort")


def _built(model: IfcModel) -> Iterator[Any]:
    return iter(model.of("IfcBuiltElement" if model.schema == "IFC4X3" else "IfcBuildingElement"))


def _materials(model: IfcModel) -> Iterator[Any]:
    kinds = () if model.schema == "IFC2X3" else ("IfcMaterialDefinition",)
    return _associated("IfcRelAssociatesMaterial", "RelatingMaterial", *kinds)(model)


ANN000 = _presence("ANN000", "Annotations", _represented("IfcAnnotation", "RepresentationIdentifier", "Annotation"))
ASM000 = _presence("ASM000", "Composed elements", _composed)
AXG000 = _presence("AXG000", "Axis geometry", _represented("IfcProduct", "RepresentationIdentifier", "Axis"))
BBX000 = _presence("BBX000", "Bounding boxes", _represented("IfcProduct", "RepresentationType", "BoundingBox"))
BLT000 = _presence("BLT000", "Built elements", _built)
CLS000 = _presence(
    "CLS000", "Classifications",
    _associated("IfcRelAssociatesClassification", "RelatingClassification", "IfcClassificationReference"),
)  # fmt: skip
CTX000 = _presence("CTX000", "Presentation colours and textures", _coloured)
DOC000 = _presence(
    "DOC000", "Document information",
    _associated("IfcRelAssociatesDocument", "RelatingDocument", "IfcDocumentInformation", "IfcDocumentReference"),
)  # fmt: skip
GDP000 = _presence("GDP000", "Grid placement", _placed("IfcGridPlacement"))
GRF000 = _presence("GRF000", "Georeferencing", _any("IfcCoordinateReferenceSystem"), schemas=IFC4_ON)
GRP000 = _presence("GRP000", "Groups", _grouped)
LAY000 = _presence("LAY000", "Presentation layers", _layered)
LIP000 = _presence("LIP000", "Linear placement", _placed("IfcLinearPlacement"), schemas=IFC4X3)
LOP000 = _presence("LOP000", "Local placement", _placed("IfcLocalPlacement"))
MAT000 = _presence("MAT000", "Materials", _materials)
OJP000 = _presence("OJP000", "Object placement", _placed("IfcObjectPlacement"))
PJS000 = _presence("PJS000", "Project", _any("IfcProject"))
POR000 = _presence("POR000", "Connected ports", _connected)
QTY000 = _presence("QTY000", "Quantities", _quantified)
SPA000 = _presence("SPA000", "Spaces", _any("IfcSpace", "IfcSpatialZone"))
VER000 = _presence("VER000", "Versioning and revision control", _owned)
VRT000 = _presence("VRT000", "Virtual elements", _any("IfcVirtualElement"))
