"""SPS: the spatial structure, and what is in it."""

from typing import Any

from arxos.domain.buildings.rules.rule import Checks, Fault
from arxos.formats.ifc.header_policy import view_definitions
from arxos.formats.ifc.ifc_model import IfcModel, fault, given
from arxos.formats.ifc.instances import many, one
from arxos.formats.ifc.rules.normative import IFC4_ON, normative

# The spatial composition table: what each may be aggregated to, by the nearest entity named here.
_FACILITIES = ("IfcProject", "IfcSite")
_MAY_BE_PART_OF = {
    "IfcSite": ("IfcProject", "IfcSite"),
    "IfcBuilding": (*_FACILITIES, "IfcBuilding"),
    "IfcBridge": (*_FACILITIES, "IfcBridge"),
    "IfcMarineFacility": (*_FACILITIES, "IfcMarineFacility"),
    "IfcRailway": (*_FACILITIES, "IfcRailway"),
    "IfcRoad": (*_FACILITIES, "IfcRoad"),
    "IfcFacility": (*_FACILITIES, "IfcFacility"),
    "IfcExternalSpatialElement": (*_FACILITIES, "IfcExternalSpatialElement"),
    "IfcBuildingStorey": ("IfcBuilding", "IfcBuildingStorey"),
    "IfcBridgePart": ("IfcBridge", "IfcBridgePart"),
    "IfcMarinePart": ("IfcMarineFacility", "IfcMarinePart"),
    "IfcRailwayPart": ("IfcRailway", "IfcRailwayPart"),
    "IfcRoadPart": ("IfcRoad", "IfcRoadPart"),
    "IfcFacilityPartCommon": ("IfcFacility", "IfcFacilityPartCommon"),
    "IfcSpace": (
        "IfcProject", "IfcSite", "IfcFacility", "IfcBuilding", "IfcBuildingStorey", "IfcSpace", "IfcFacilityPartCommon",
        "IfcBridgePart", "IfcMarinePart", "IfcRailwayPart", "IfcRoadPart",
    ),
}  # fmt: skip


@normative("SPS001", "Basic spatial structure for buildings", schemas=("IFC2X3",))
def one_site(model: IfcModel) -> Checks:
    """In the coordination view there is at most one site and at least one building, each on the site or the project."""
    if "CoordinationView_V2.0" not in (view_definitions(model.header) or ()):
        return
    sites, buildings = model.of("IfcSite"), model.of("IfcBuilding")
    yield Fault("more than one site", None, "IfcSite", "at most 1", str(len(sites))) if len(sites) > 1 else None
    yield None if buildings else Fault("no building", None, "IfcBuilding", "at least 1", "0")
    host = "IfcSite" if sites else "IfcProject"
    for building in buildings:
        wholes = _wholes(building)
        assigned = bool(wholes) and all(whole.is_a(host) for whole in wholes)
        yield (
            None if assigned else fault(building, f"not assigned to the {host}", expected=host, observed=_types(wholes))
        )


def _wholes(instance: Any) -> list[Any]:
    return [whole for relation in many(instance, "Decomposes") for whole in many(relation, "RelatingObject")]


def _types(instances: Any) -> str:
    return ", ".join(instance.is_a() for instance in instances) or "nothing"


@normative("SPS002", "Correct spatial breakdown", schemas=IFC4_ON)
def spatial_breakdown(model: IfcModel) -> Checks:
    """Spatial elements are aggregated as the spatial composition table allows."""
    for instance in (*model.of("IfcProject"), *model.of("IfcSpatialElement")):
        yield _upward(instance)
        yield from _downward(instance)


def _upward(instance: Any) -> Fault | None:
    allowed = _allowed(instance)
    wholes = _wholes(instance)
    if allowed is None or (wholes and all(any(map(whole.is_a, allowed)) for whole in wholes)):
        return None
    return fault(instance, "not aggregated as it may be", expected=", ".join(allowed), observed=_types(wholes))


def _allowed(instance: Any) -> tuple[str, ...] | None:
    return next((allowed for entity, allowed in _MAY_BE_PART_OF.items() if instance.is_a(entity)), None)


def _downward(instance: Any) -> Checks:
    """Parts that are no spatial elements; those that are answer for themselves. Alignments may hang on a project."""
    for relation in many(instance, "IsDecomposedBy"):
        for part in many(relation, "RelatedObjects"):
            if not part.is_a("IfcSpatialElement") and not part.is_a("IfcPositioningElement"):
                yield fault(
                    part, f"aggregated to {instance.is_a()}", expected="IfcSpatialElement", observed=part.is_a()
                )


@normative("SPS003", "Correct containment of assemblies")
def assembly_parts(model: IfcModel) -> Checks:
    """A part of an assembly is where its assembly is: it is not itself contained in the spatial structure."""
    for element in model.of("IfcElement"):
        if given(element, "Decomposes"):
            yield _not_contained(element)


def _not_contained(element: Any) -> Fault | None:
    if not given(element, "ContainedInStructure"):
        return None
    observed = _types(_structures(element))
    return fault(element, "a part, and contained in the spatial structure too", expected="nothing", observed=observed)


_ROLES = ("Nests", "Decomposes", "ContainedInStructure", "AdheresToElement", "VoidsElements", "ProjectsElements")


@normative("SPS005", "Simultaneous spatial relationships")
def one_role(model: IfcModel) -> Checks:
    """An element is a child in exactly one relationship: part, nested, contained, adhering, or cut out."""
    for element in model.of("IfcElement"):
        roles = [role for role in _ROLES if given(element, role)]
        yield (
            None
            if len(roles) == 1
            else fault(
                element, f"child in {len(roles)} relationships", expected="1", observed=", ".join(roles) or "none"
            )
        )


@normative("SPS007", "Spatial Containment")
def containment(model: IfcModel) -> Checks:
    """Grids, annotations and elements are contained in the structure; parts of elements and all else are not."""
    for product in model.of("IfcProduct"):
        if product.is_a("IfcElement"):
            yield _element_containment(product)
        elif product.is_a("IfcGrid") or product.is_a("IfcAnnotation"):
            yield _contained(product)
        else:
            yield _not_contained(product)


def _element_containment(element: Any) -> Fault | None:
    wholes = _wholes(element)
    if any(whole.is_a("IfcElement") for whole in wholes):
        return _not_contained(element)
    if element.is_a("IfcFeatureElement") or wholes or given(element, "Nests"):
        return None
    return _contained(element)


def _contained(product: Any) -> Fault | None:
    if any(map(_is_spatial, _structures(product))):
        return None
    return fault(product, "not contained in the spatial structure", expected="a spatial element", observed="nothing")


def _structures(product: Any) -> list[Any]:
    relations = many(product, "ContainedInStructure")
    return [structure for relation in relations for structure in many(relation, "RelatingStructure")]


def _is_spatial(instance: Any) -> bool:
    return bool(instance.is_a("IfcSpatialElement") or instance.is_a("IfcSpatialStructureElement"))


@normative("SPS008", "Spatial Container Representations", industry_practice=True)
def no_shape_of_containers(model: IfcModel) -> Checks:
    """Storeys, and since IFC4 sites and infrastructure facilities, have no shape of their own."""
    containers = {
        "IFC2X3": ("IfcBuildingStorey",),
        "IFC4": ("IfcBuildingStorey", "IfcSite"),
        "IFC4X3": ("IfcBuildingStorey", "IfcSite", "IfcBridge", "IfcMarineFacility", "IfcRailway", "IfcRoad"),
    }
    for container in (c for entity in containers[model.schema] for c in model.of(entity)):
        shape = one(container, "Representation")
        yield fault(container, "has a shape of its own", expected="none", observed=shape.is_a()) if shape else None
