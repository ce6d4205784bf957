"""IFC102: what the standard has deprecated and applications no longer write."""

from collections.abc import Mapping
from typing import Any

from arxos.domain.buildings.rules.rule import Checks, Fault
from arxos.formats.ifc.ifc_model import IfcModel, fault, given
from arxos.formats.ifc.instances import attribute
from arxos.formats.ifc.rules.normative import normative

_DISTRIBUTION = (
    "IfcFlowFitting", "IfcFlowSegment", "IfcFlowTerminal", "IfcFlowController", "IfcFlowMovingDevice",
    "IfcFlowStorageDevice", "IfcFlowTreatmentDevice", "IfcEnergyConversionDevice",
)  # fmt: skip

# Entities, subtypes not meant; among them supertypes that have become abstract.
_ENTITIES = {
    "IFC2X3": (
        "Ifc2DCompositeCurve", "IfcConnectionPortGeometry", "IfcElectricalElement", "IfcEquipmentElement",
        "IfcTextLiteral", "IfcProductRepresentation", "IfcRepresentation", "IfcRepresentationContext",
        "IfcRelAssociates",
    ),
    "IFC4": (
        *_DISTRIBUTION, "IfcBeamStandardCase", "IfcColumnStandardCase", "IfcDoorStandardCase", "IfcDoorStyle",
        "IfcFaceBasedSurfaceModel", "IfcMaterialClassificationRelationship", "IfcMaterialList",
        "IfcMemberStandardCase", "IfcOpeningStandardCase", "IfcPlateStandardCase", "IfcPresentationStyleAssignment",
        "IfcProxy", "IfcRelCoversBldgElements", "IfcRelCoversSpaces", "IfcSlabElementedCase", "IfcSlabStandardCase",
        "IfcTextLiteral", "IfcWallElementedCase", "IfcWallStandardCase", "IfcWindowStandardCase", "IfcWindowStyle",
    ),
    "IFC4X3": (
        *_DISTRIBUTION, "IfcBuildingSystem", "IfcCivilElement", "IfcCivilElementType", "IfcDoorLiningProperties",
        "IfcDoorPanelProperties", "IfcElectricDistributionBoard", "IfcElectricDistributionBoardType",
        "IfcFaceBasedSurfaceModel", "IfcMaterialClassificationRelationship", "IfcMaterialList",
        "IfcPermeableCoveringProperties", "IfcPostalAddress", "IfcRelAssociates", "IfcRelConnectsPortToElement",
        "IfcRelCoversBldgElements", "IfcRelCoversSpaces", "IfcRelServicesBuildings", "IfcTelecomAddress",
        "IfcTextLiteral", "IfcTrapeziumProfileDef", "IfcWallStandardCase", "IfcWindowLiningProperties",
        "IfcWindowPanelProperties", "IfcWindowStandardCase",
    ),
}  # fmt: skip

_STAIR_FLIGHT = {"IfcStairFlight": ("NumberOfRisers", "NumberOfTreads", "RiserHeight", "TreadLength")}
_HATCHING = {"IfcFillAreaStyleHatching": ("PointOfReferenceHatchLine",)}
_ATTRIBUTES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "IFC2X3": _HATCHING,
    "IFC4": {
        **_STAIR_FLIGHT, **_HATCHING,
        "IfcDoorLiningProperties": ("ShapeAspectStyle",),
        "IfcDoorPanelProperties": ("ShapeAspectStyle",),
        "IfcReinforcingElement": ("SteelGrade",),
        "IfcRelAssigns": ("RelatedObjectsType",),
        "IfcTendon": (
            "NominalDiameter", "CrossSectionArea", "TensionForce", "PreStress", "FrictionCoefficient", "AnchorageSlip",
            "MinCurvatureRadius",
        ),
        "IfcTendonType": ("NominalDiameter", "CrossSectionArea", "SheathDiameter"),
        "IfcWindowLiningProperties": ("ShapeAspectStyle",),
        "IfcWindowPanelProperties": ("ShapeAspectStyle",),
    },
    "IFC4X3": {
        **_STAIR_FLIGHT, **_HATCHING,
        "IfcBuilding": ("BuildingAddress", "ElevationOfRefHeight", "ElevationOfTerrain"),
        "IfcBuildingStorey": ("Elevation",),
        "IfcOrganization": ("Addresses",),
        "IfcPerson": ("Addresses",),
        "IfcPile": ("ConstructionType",),
        "IfcReinforcingElement": ("SteelGrade",),
        "IfcRelAssigns": ("RelatedObjectsType",),
        "IfcSite": ("LandTitleNumber", "SiteAddress"),
        "IfcSurfaceStyleRendering": ("DiffuseTransmissionColour", "ReflectionColour", "TransmissionColour"),
        "IfcSurfaceTexture": ("Parameter",),
        "IfcTendon": ("NominalDiameter", "CrossSectionArea"),
        "IfcTextureCoordinateGenerator": ("Parameter",),
    },
}  # fmt: skip

_Values = tuple[str, tuple[str, ...]]  # an attribute, and its values that are deprecated


def _of_occurrence_and_type(entity: str, *values: str) -> dict[str, _Values]:
    return {entity: ("PredefinedType", values), f"{entity}Type": ("PredefinedType", values)}


_VALUES: Mapping[str, Mapping[str, _Values]] = {
    "IFC2X3": {
        "IfcOwnerHistory": ("ChangeAction", ("MODIFIEDADDED", "MODIFIEDDELETED")),
        "IfcPropertySet": ("Name", ("Pset_Draughting",)),
    },
    "IFC4": {
        **_of_occurrence_and_type("IfcWall", "POLYGONAL", "STANDARD", "ELEMENTEDWALL"),
        "IfcPropertySet": ("Name", ("Pset_Draughting",)),
    },
    "IFC4X3": {
        **_of_occurrence_and_type("IfcWall", "POLYGONAL", "STANDARD"),
        **_of_occurrence_and_type("IfcSpace", "INTERNAL", "EXTERNAL"),
        **_of_occurrence_and_type("IfcGeographicElement", "SOIL_BORING_POINT"),
        **_of_occurrence_and_type("IfcCableCarrierFitting", "TEE", "CROSS", "REDUCER"),
        **_of_occurrence_and_type("IfcFireSuppressionTerminal", "SPRINKLERDEFLECTOR"),
        "IfcBuildingElementProxy": ("PredefinedType", ("PROVISIONFORSPACE", "PROVISIONFORVOID")),
        "IfcShapeRepresentation": ("RepresentationType", ("PointCloud",)),
        "IfcPropertySet": ("Name", ("Pset_Draughting",)),
    },
}


@normative("IFC102", "Absence of deprecated entities")
def nothing_deprecated(model: IfcModel) -> Checks:
    """The model uses no deprecated entity, attribute, or value of an enumeration."""
    yield None  # there is always something that might have been deprecated
    for entity in _ENTITIES[model.schema]:
        yield from (fault(instance, f"{entity} is deprecated", observed=entity) for instance in model.exactly(entity))
    for entity, names in _ATTRIBUTES[model.schema].items():
        for instance in model.of(entity):
            yield from (_attribute_fault(instance, name) for name in names if given(instance, name) is not None)
    for entity, (name, values) in _VALUES[model.schema].items():
        for instance in model.of(entity):
            if (value := attribute(instance, name)) in values:
                yield fault(
                    instance, f"the value of {name} is deprecated", expected="another value", observed=str(value)
                )


def _attribute_fault(instance: Any, name: str) -> Fault:
    return fault(instance, f"{name} is deprecated", expected="empty", observed=str(attribute(instance, name))[:80])
