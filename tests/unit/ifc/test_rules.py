"""Every normative rule on small models of our own: one that passes, one that fails, one it does not apply to."""

from collections.abc import Callable
from typing import Any

import pytest

from arxos.domain.buildings.findings import Severity, Verdict
from arxos.domain.buildings.rules.rule import Judgement, judge_by
from arxos.formats.ifc.validation import normative_rules
from tests.step_files import Draft, header

RULES = {rule.id: rule for rule in normative_rules()}
PASSED, FAILED, NOT_APPLICABLE = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_APPLICABLE
Make = Callable[[], Draft]
CASES: list[tuple[str, Verdict, Make]] = []


def case(rule: str, verdict: Verdict) -> Callable[[Make], Make]:
    """What the rule must say of the draft that the decorated function makes."""

    def note(make: Make) -> Make:
        CASES.append((rule, verdict, make))
        return make

    return note


def judged(rule: str, draft: Draft) -> Judgement:
    return judge_by(RULES[rule], draft.model())


@case("IFC101", PASSED)
@case("IFC102", PASSED)
@case("PJS101", FAILED)
@case("PJS001", NOT_APPLICABLE)
@case("PJS002", NOT_APPLICABLE)
@case("PJS003", NOT_APPLICABLE)
@case("SPS001", NOT_APPLICABLE)
@case("SPS002", NOT_APPLICABLE)
@case("SPS003", NOT_APPLICABLE)
@case("SPS005", NOT_APPLICABLE)
@case("SPS007", NOT_APPLICABLE)
@case("SPS008", NOT_APPLICABLE)
@case("GEM002", NOT_APPLICABLE)
@case("GEM003", NOT_APPLICABLE)
@case("GEM004", NOT_APPLICABLE)
@case("GEM051", NOT_APPLICABLE)
@case("GEM052", NOT_APPLICABLE)
@case("GRF001", NOT_APPLICABLE)
@case("GRF003", NOT_APPLICABLE)
@case("GRF005", NOT_APPLICABLE)
@case("GRF006", NOT_APPLICABLE)
@case("GRF008", NOT_APPLICABLE)
@case("OJT001", NOT_APPLICABLE)
@case("OJP001", NOT_APPLICABLE)
@case("BLT001", NOT_APPLICABLE)
@case("BLT002", NOT_APPLICABLE)
@case("BLT003", NOT_APPLICABLE)
@case("GRP001", NOT_APPLICABLE)
@case("PSE001", NOT_APPLICABLE)
@case("PSE002", NOT_APPLICABLE)
@case("QTY001", NOT_APPLICABLE)
@case("MPD001", NOT_APPLICABLE)
@case("BBX001", NOT_APPLICABLE)
def nothing() -> Draft:
    return Draft()


def unit(factor: float, name: str, *, si: str = "METRE", kind: str = "LENGTHUNIT") -> Draft:
    draft = Draft()
    ratio = draft.add(
        "IfcMeasureWithUnit",
        ValueComponent=draft.file.create_entity("IfcReal", factor),
        UnitComponent=draft.add("IfcSIUnit", UnitType=kind, Name=si),
    )
    own = draft.add("IfcConversionBasedUnit", UnitType=kind, Name=name, ConversionFactor=ratio)
    draft.add("IfcProject", UnitsInContext=draft.add("IfcUnitAssignment", Units=[own]))
    return draft


CASES += [
    ("PJS001", PASSED, lambda: unit(0.3048, "foot")),
    ("PJS001", PASSED, lambda: unit(0.3048, "FOOT")),
    ("PJS001", PASSED, lambda: unit(0.0174532925199433, "degree", si="RADIAN", kind="PLANEANGLEUNIT")),
    ("PJS001", FAILED, lambda: unit(0.305, "foot")),
    ("PJS001", FAILED, lambda: unit(0.3048, "cubit")),
    ("PJS001", FAILED, lambda: unit(0.3048, "foot", si="SQUARE_METRE")),
]


@case("PJS002", PASSED)
def a_declared_type() -> Draft:
    draft = Draft()
    project, kind = draft.add("IfcProject"), draft.add("IfcWallType")
    draft.add("IfcRelDeclares", RelatingContext=project, RelatedDefinitions=[kind])
    return draft


@case("PJS002", FAILED)
def a_declared_wall() -> Draft:
    draft = Draft()
    project, wall = draft.add("IfcProject"), draft.add("IfcWall")
    draft.add("IfcRelDeclares", RelatingContext=project, RelatedDefinitions=[wall])
    return draft


@case("PJS003", PASSED)
@case("PJS101", PASSED)
@case("SPS002", PASSED)
@case("SPS008", PASSED)
@case("GEM051", FAILED)
def a_tower() -> Draft:
    draft = Draft()
    draft.tower()
    return draft


def named_by(global_id: str) -> Draft:
    draft = Draft()
    draft.add("IfcWall", GlobalId=global_id)
    return draft


CASES += [
    ("PJS003", FAILED, lambda: named_by("4" + "0" * 21)),
    ("PJS003", FAILED, lambda: named_by("0" * 21)),
    ("PJS003", FAILED, lambda: named_by("0" * 21 + "é")),
]


@case("PJS101", FAILED)
def two_projects() -> Draft:
    draft = Draft()
    draft.add("IfcProject"), draft.add("IfcProject")
    return draft


@case("SPS001", PASSED)
def a_coordination_view() -> Draft:
    draft = Draft("IFC2X3")
    draft.tower()
    return draft


@case("SPS001", FAILED)
def a_second_site() -> Draft:
    draft = a_coordination_view()
    draft.add("IfcSite")
    return draft


@case("SPS001", FAILED)
def a_building_of_the_project_beside_a_site() -> Draft:
    draft = Draft("IFC2X3")
    project, _, building = draft.add("IfcProject"), draft.add("IfcSite"), draft.add("IfcBuilding")
    draft.aggregate(project, building)
    return draft


@case("SPS001", PASSED)
def a_building_of_the_project_without_a_site() -> Draft:
    draft = Draft("IFC2X3")
    draft.aggregate(draft.add("IfcProject"), draft.add("IfcBuilding"))
    return draft


@case("SPS001", NOT_APPLICABLE)
def another_view() -> Draft:
    draft = Draft("IFC2X3", views="StructuralAnalysisView")
    draft.add("IfcSite"), draft.add("IfcSite")
    return draft


@case("SPS002", FAILED)
def a_storey_of_a_site() -> Draft:
    draft = Draft()
    draft.aggregate(draft.add("IfcSite"), draft.add("IfcBuildingStorey"))
    return draft


@case("SPS002", FAILED)
def a_lonely_building() -> Draft:
    draft = Draft()
    draft.add("IfcBuilding")
    return draft


@case("SPS002", FAILED)
def a_wall_as_part_of_a_project() -> Draft:
    draft = Draft()
    draft.aggregate(draft.add("IfcProject"), draft.add("IfcWall"))
    return draft


@case("SPS002", PASSED)
def an_alignment_of_a_project() -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.aggregate(draft.add("IfcProject"), draft.add("IfcAlignment"))
    return draft


@case("SPS003", PASSED)
@case("SPS005", PASSED)
@case("SPS007", PASSED)
def an_assembly() -> Draft:
    draft = Draft()
    storey, stair, flight = draft.tower()[3], draft.add("IfcStair"), draft.add("IfcStairFlight")
    draft.contain(storey, stair)
    draft.aggregate(stair, flight)
    return draft


@case("SPS003", FAILED)
@case("SPS005", FAILED)
@case("SPS007", FAILED)
def a_part_in_two_places() -> Draft:
    draft = an_assembly()
    draft.contain(draft.file.by_type("IfcBuildingStorey")[0], draft.file.by_type("IfcStairFlight")[0])
    return draft


@case("SPS005", FAILED)
@case("SPS007", FAILED)
def a_wall_nowhere() -> Draft:
    draft = Draft()
    draft.add("IfcWall")
    return draft


@case("SPS007", FAILED)
def a_grid_nowhere() -> Draft:
    draft = Draft()
    draft.add("IfcGrid")
    return draft


@case("SPS007", PASSED)
@case("SPS005", PASSED)
def an_opening() -> Draft:
    draft = Draft()
    wall, opening = draft.add("IfcWall"), draft.add("IfcOpeningElement")
    draft.contain(draft.tower()[3], wall)
    draft.add("IfcRelVoidsElement", RelatingBuildingElement=wall, RelatedOpeningElement=opening)
    return draft


@case("SPS007", FAILED)
def a_contained_alignment() -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.contain(draft.tower()[3], draft.add("IfcAlignment"))
    return draft


def shaped(draft: Draft, entity: str, *representations: tuple[str, str]) -> Any:
    shapes = [
        draft.add("IfcShapeRepresentation", RepresentationIdentifier=identifier, RepresentationType=kind)
        for identifier, kind in representations
    ]
    return draft.add(entity, Representation=draft.add("IfcProductDefinitionShape", Representations=shapes))


def with_shape(entity: str, *representations: tuple[str, str], schema: str = "IFC4") -> Draft:
    draft = Draft(schema)
    shaped(draft, entity, *representations)
    return draft


SOLID, BREP, AREA, BOX = (
    ("Body", "SweptSolid"),
    ("Body", "Brep"),
    ("FootPrint", "GeometricCurveSet"),
    ("Box", "BoundingBox"),
)
CASES += [
    ("SPS008", FAILED, lambda: with_shape("IfcBuildingStorey", SOLID)),
    ("SPS008", FAILED, lambda: with_shape("IfcSite", SOLID)),
    ("SPS008", NOT_APPLICABLE, lambda: with_shape("IfcSite", SOLID, schema="IFC2X3")),
    ("SPS008", FAILED, lambda: with_shape("IfcBridge", SOLID, schema="IFC4X3_ADD2")),
    ("GEM002", PASSED, lambda: with_shape("IfcSpace", SOLID)),
    ("GEM002", PASSED, lambda: with_shape("IfcSpace", BREP, AREA)),
    ("GEM002", FAILED, lambda: with_shape("IfcSpace", BREP)),
    ("GEM002", FAILED, lambda: with_shape("IfcSpace", AREA)),
    ("GEM002", FAILED, lambda: with_shape("IfcSpace", ("Body", "CSG"))),
    ("GEM003", PASSED, lambda: with_shape("IfcWall", SOLID, AREA)),
    ("GEM003", FAILED, lambda: with_shape("IfcWall", SOLID, BREP)),
    ("GEM004", PASSED, lambda: with_shape("IfcWall", SOLID, AREA, BOX)),
    ("GEM004", FAILED, lambda: with_shape("IfcWall", ("Corpus", "SweptSolid"))),
    ("GEM004", FAILED, lambda: with_shape("IfcWall", ("Body", "SweptSolids"))),
    ("GEM004", FAILED, lambda: with_shape("IfcWall", ("Body", "Tessellation"), schema="IFC2X3")),
    ("BBX001", PASSED, lambda: with_shape("IfcWall", BOX)),
    ("BBX001", FAILED, lambda: with_shape("IfcWall", ("Box", "Brep"))),
    ("BBX001", FAILED, lambda: with_shape("IfcWall", ("Body", "BoundingBox"))),
    ("BBX001", NOT_APPLICABLE, lambda: with_shape("IfcWall", SOLID)),
]


def contexts(kind: str | None, identifier: str | None = None) -> Draft:
    draft = Draft()
    context = draft.add("IfcGeometricRepresentationContext", ContextType=kind)
    if identifier:
        draft.add("IfcGeometricRepresentationSubContext", ContextIdentifier=identifier, ParentContext=context)
    draft.add("IfcProject", RepresentationContexts=[context])
    return draft


CASES += [
    ("GEM051", PASSED, lambda: contexts("Model")),
    ("GEM051", FAILED, lambda: contexts("Modell")),
    ("GEM051", FAILED, lambda: contexts(None)),
    ("GEM052", PASSED, lambda: contexts("Model", "Body")),
    ("GEM052", FAILED, lambda: contexts("Model", "Corpus")),
    ("GEM052", FAILED, lambda: contexts("Model")),
]


def mapped(own: str, *sources: tuple[str, str]) -> Draft:
    draft = Draft()
    items = []
    for identifier, kind in sources:
        source = draft.add("IfcShapeRepresentation", RepresentationIdentifier=identifier, RepresentationType=kind)
        items.append(
            draft.add("IfcMappedItem", MappingSource=draft.add("IfcRepresentationMap", MappedRepresentation=source))
        )
    kind = "MappedRepresentation"
    draft.add("IfcShapeRepresentation", RepresentationIdentifier=own, RepresentationType=kind, Items=items)
    return draft


CASES += [
    ("MPD001", PASSED, lambda: mapped("Body", SOLID, SOLID)),
    ("MPD001", FAILED, lambda: mapped("Body", SOLID, BREP)),
    ("MPD001", FAILED, lambda: mapped("Axis", SOLID)),
]


def operations(*eastings: float | None) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    system = draft.add("IfcProjectedCRS", Name="EPSG:28992")
    for east in eastings:
        context = draft.add("IfcGeometricRepresentationContext", ContextType="Model")
        if east is not None:
            values = {"Eastings": east, "Northings": 1.0, "OrthogonalHeight": 0.0}
            draft.add("IfcMapConversion", SourceCRS=context, TargetCRS=system, **values)
    return draft


CASES += [
    ("GRF001", PASSED, lambda: operations(1.0, 1.0)),
    ("GRF001", PASSED, lambda: operations(1.0)),
    ("GRF001", PASSED, lambda: operations(None, None)),
    ("GRF001", FAILED, lambda: operations(1.0, 2.0)),
    ("GRF001", FAILED, lambda: operations(1.0, None)),
]


def facility(entity: str, *, system: bool) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.add(entity)
    if system:
        draft.add("IfcProjectedCRS", Name="EPSG:28992")
    return draft


def scaled(scale: float | None) -> Draft:
    draft = Draft()
    metre = draft.add("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
    millimetre = draft.add("IfcSIUnit", UnitType="LENGTHUNIT", Prefix="MILLI", Name="METRE")
    draft.add("IfcProject", UnitsInContext=draft.add("IfcUnitAssignment", Units=[millimetre]))
    draft.add("IfcMapConversion", TargetCRS=draft.add("IfcProjectedCRS", MapUnit=metre), Scale=scale)
    return draft


def reference_system(name: str, *, described: bool) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    system = draft.add("IfcProjectedCRS", Name=name)
    if described:
        draft.add("IfcWellKnownText", WellKnownText="PROJCRS[…]", CoordinateReferenceSystem=system)
    return draft


def rigid(first: str, second: str) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    measures = [draft.file.create_entity(measure, 1.0) for measure in (first, second)]
    draft.add("IfcRigidOperation", FirstCoordinate=measures[0], SecondCoordinate=measures[1])
    return draft


def register(name: str, value: str) -> Draft:
    draft = Draft("IFC4X3_ADD2")
    draft.add("IfcProjectedCRS", **{name: value})
    return draft


def derived_profile(x: tuple[float, float], y: tuple[float, float]) -> Draft:
    draft = Draft()
    axes = [draft.add("IfcDirection", DirectionRatios=ratios) for ratios in (x, y)]
    operator = draft.add("IfcCartesianTransformationOperator2D", Axis1=axes[0], Axis2=axes[1])
    draft.add("IfcDerivedProfileDef", Operator=operator)
    return draft


def mirrored_in_a_tapered_sweep() -> Draft:
    draft = Draft()
    draft.add("IfcExtrudedAreaSolidTapered", EndSweptArea=draft.add("IfcMirroredProfileDef"))
    return draft


CASES += [
    ("GRF004", PASSED, lambda: register("Name", "EPSG:28992")),
    ("GRF004", PASSED, lambda: register("GeodeticDatum", "EPSG:6326")),
    ("GRF004", FAILED, lambda: register("Name", "EPSG:1")),
    ("GRF004", NOT_APPLICABLE, lambda: register("Name", "RD New")),
    ("GRF007", PASSED, lambda: register("VerticalDatum", "EPSG:5709")),
    ("GRF007", FAILED, lambda: register("VerticalDatum", "EPSG:28992")),
    ("GRF007", NOT_APPLICABLE, lambda: register("VerticalDatum", "NAP")),
    ("SWE002", PASSED, lambda: derived_profile((1.0, 0.0), (0.0, 1.0))),
    ("SWE002", FAILED, lambda: derived_profile((1.0, 0.0), (0.0, -1.0))),
    ("SWE002", FAILED, mirrored_in_a_tapered_sweep),
]


LENGTH, ANGLE = "IfcLengthMeasure", "IfcPlaneAngleMeasure"
CASES += [
    ("GRF003", PASSED, lambda: facility("IfcBuilding", system=True)),
    ("GRF003", FAILED, lambda: facility("IfcBuilding", system=False)),
    ("GRF003", FAILED, lambda: facility("IfcBridge", system=False)),
    ("GRF005", PASSED, lambda: scaled(0.001)),
    ("GRF005", FAILED, lambda: scaled(None)),
    ("GRF005", FAILED, lambda: scaled(1000.0)),
    ("GRF006", NOT_APPLICABLE, lambda: reference_system("EPSG:28992", described=False)),
    ("GRF006", PASSED, lambda: reference_system("WKT", described=True)),
    ("GRF006", FAILED, lambda: reference_system("WKT", described=False)),
    ("GRF006", FAILED, lambda: reference_system("Amersfoort", described=True)),
    ("GRF008", PASSED, lambda: rigid(LENGTH, LENGTH)),
    ("GRF008", PASSED, lambda: rigid(ANGLE, ANGLE)),
    ("GRF008", FAILED, lambda: rigid(LENGTH, ANGLE)),
]


def typed(own: str | None, kind: str | None, **attributes: str) -> Draft:
    draft = Draft()
    wall = draft.add("IfcWall", PredefinedType=own, **attributes)
    if kind:
        wall_type = draft.add("IfcWallType", PredefinedType=kind, ElementType="Ours")
        draft.add("IfcRelDefinesByType", RelatedObjects=[wall], RelatingType=wall_type)
    return draft


CASES += [
    ("OJT001", PASSED, lambda: typed("USERDEFINED", None, ObjectType="Ours")),
    ("OJT001", FAILED, lambda: typed("USERDEFINED", None)),
    ("OJT001", PASSED, lambda: typed(None, "SHEAR")),
    ("OJT001", FAILED, lambda: typed("SHEAR", "SHEAR")),
    ("OJT001", NOT_APPLICABLE, lambda: typed("SHEAR", "NOTDEFINED")),
    ("OJT001", NOT_APPLICABLE, lambda: typed("SHEAR", None)),
]


@case("OJT001", FAILED)
def a_nameless_user_defined_type() -> Draft:
    draft = Draft()
    draft.add("IfcWallType", PredefinedType="USERDEFINED")
    return draft


def placed(*, relative: bool) -> Draft:
    draft = Draft("IFC2X3")
    above, below = draft.add("IfcLocalPlacement"), draft.add("IfcLocalPlacement")
    if relative:
        below.PlacementRelTo = above
    whole = draft.add("IfcStair", ObjectPlacement=above)
    draft.aggregate(whole, draft.add("IfcStairFlight", ObjectPlacement=below))
    return draft


CASES += [
    ("OJP001", PASSED, lambda: placed(relative=True)),
    ("OJP001", FAILED, lambda: placed(relative=False)),
]


def opened(entity: str, **attributes: str) -> Draft:
    draft = Draft()
    draft.add(entity, **attributes)
    return draft


def opened_by_type(entity: str, **attributes: str) -> Draft:
    draft = Draft()
    instance, kind = draft.add(entity, **attributes), draft.add(f"{entity}Type")
    draft.add("IfcRelDefinesByType", RelatedObjects=[instance], RelatingType=kind)
    return draft


OWN = "USERDEFINED"
CASES += [
    ("BLT001", PASSED, lambda: opened("IfcDoor", OperationType=OWN, UserDefinedOperationType="x")),
    ("BLT001", FAILED, lambda: opened("IfcDoor", OperationType="FOLDING_TO_LEFT", UserDefinedOperationType="x")),
    ("BLT001", FAILED, lambda: opened("IfcDoorType", OperationType="ROLLINGUP", UserDefinedOperationType="x")),
    ("BLT001", NOT_APPLICABLE, lambda: opened("IfcDoor", OperationType="ROLLINGUP")),
    ("BLT001", PASSED, lambda: opened_by_type("IfcDoor")),
    ("BLT001", FAILED, lambda: opened_by_type("IfcDoor", OperationType="ROLLINGUP")),
    ("BLT002", PASSED, lambda: opened("IfcWindow", PartitioningType=OWN, UserDefinedPartitioningType="x")),
    ("BLT002", FAILED, lambda: opened("IfcWindow", PartitioningType="SINGLE_PANEL", UserDefinedPartitioningType="x")),
    ("BLT002", PASSED, lambda: opened_by_type("IfcWindow")),
    ("BLT002", FAILED, lambda: opened_by_type("IfcWindow", PartitioningType="SINGLE_PANEL")),
]


def stair_of(part: str) -> Draft:
    draft = Draft()
    draft.aggregate(draft.add("IfcStair"), draft.add(part))
    return draft


CASES += [
    ("BLT003", PASSED, lambda: stair_of("IfcRailing")),
    ("BLT003", FAILED, lambda: stair_of("IfcWall")),
]


def groups(*members: tuple[int, int], count: int = 3) -> Draft:
    draft = Draft()
    made = [draft.add("IfcGroup") for _ in range(count)]
    for group, member in members:
        draft.add("IfcRelAssignsToGroup", RelatingGroup=made[group], RelatedObjects=[made[member]])
    return draft


CASES += [
    ("GRP001", PASSED, lambda: groups((0, 1), (1, 2), (0, 2))),
    ("GRP001", FAILED, lambda: groups((0, 0))),
    ("GRP001", FAILED, lambda: groups((0, 1), (1, 2), (2, 0))),
]


def property_set(
    name: str, bearer: str, properties: dict[str, tuple[str, Any]], schema: str = "IFC4", **more: Any
) -> Draft:
    draft = Draft(schema)
    items = [
        draft.add("IfcPropertySingleValue", Name=key, NominalValue=draft.file.create_entity(measure, value))
        for key, (measure, value) in properties.items()
    ]
    own = draft.add("IfcPropertySet", Name=name, HasProperties=items)
    draft.add("IfcRelDefinesByProperties", RelatedObjects=[draft.add(bearer, **more)], RelatingPropertyDefinition=own)
    return draft


REFERENCE = {"Reference": ("IfcIdentifier", "W1")}
ACTUATOR, POWER = "Pset_ActuatorTypeElectricActuator", {"ActuatorInputPower": ("IfcPowerMeasure", 1.0)}
CASES += [
    ("PSE001", PASSED, lambda: property_set("Pset_WallCommon", "IfcWall", REFERENCE)),
    ("PSE001", PASSED, lambda: property_set(ACTUATOR, "IfcActuator", POWER, PredefinedType="ELECTRICACTUATOR")),
    ("PSE001", FAILED, lambda: property_set(ACTUATOR, "IfcActuator", POWER, PredefinedType="PNEUMATICACTUATOR")),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcSlab", REFERENCE)),
    ("PSE001", FAILED, lambda: property_set("Pset_OurOwn", "IfcWall", REFERENCE)),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcWall", {"Colour": ("IfcLabel", "red")})),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcWall", {"Reference": ("IfcLabel", "W1")})),
    ("PSE001", FAILED, lambda: property_set("Pset_WallCommon", "IfcWall", {"Status": ("IfcLabel", "NEW")})),
    ("PSE001", NOT_APPLICABLE, lambda: property_set("Ours", "IfcWall", REFERENCE)),
    ("PSE002", PASSED, lambda: property_set("Ours", "IfcWall", REFERENCE)),
    ("PSE002", FAILED, lambda: property_set("pset_Ours", "IfcWall", REFERENCE)),
    ("PSE002", NOT_APPLICABLE, lambda: property_set("Pset_WallCommon", "IfcWall", REFERENCE)),
]


def quantity_set(bearer: str, entity: str, name: str, method: str | None = "BaseQuantities") -> Draft:
    draft = Draft()
    own = draft.add(
        "IfcElementQuantity", Name="Qto_WallBaseQuantities", MethodOfMeasurement=method,
        Quantities=[draft.add(entity, Name=name)],
    )  # fmt: skip
    draft.add("IfcRelDefinesByProperties", RelatedObjects=[draft.add(bearer)], RelatingPropertyDefinition=own)
    return draft


CASES += [
    ("QTY001", PASSED, lambda: quantity_set("IfcWall", "IfcQuantityLength", "Length")),
    ("QTY001", FAILED, lambda: quantity_set("IfcSlab", "IfcQuantityLength", "Length")),
    ("QTY001", FAILED, lambda: quantity_set("IfcWall", "IfcQuantityArea", "Length")),
    ("QTY001", FAILED, lambda: quantity_set("IfcWall", "IfcQuantityLength", "Longness")),
    ("QTY001", FAILED, lambda: quantity_set("IfcWall", "IfcQuantityLength", "Length", method=None)),
]


def of(entity: str, schema: str = "IFC4", **attributes: Any) -> Draft:
    draft = Draft(schema)
    draft.add(entity, **attributes)
    return draft


CASES += [
    ("IFC102", PASSED, lambda: of("IfcWall", PredefinedType="SHEAR")),
    ("IFC102", FAILED, lambda: of("IfcWallStandardCase")),
    ("IFC102", FAILED, lambda: of("IfcWall", PredefinedType="STANDARD")),
    ("IFC102", FAILED, lambda: of("IfcStairFlight", RiserHeight=0.2)),
    ("IFC102", FAILED, lambda: of("IfcBuildingStorey", "IFC4X3_ADD2", Elevation=0.0)),
    ("IFC102", FAILED, lambda: of("IfcFlowFitting", "IFC4X3_ADD2")),
    ("IFC102", PASSED, lambda: of("IfcPipeFitting", "IFC4X3_ADD2")),
    ("IFC102", FAILED, lambda: of("IfcPropertySet", "IFC2X3", Name="Pset_Draughting")),
]


@pytest.mark.parametrize(("rule", "verdict", "make"), CASES, ids=[f"{rule}-{verdict}" for rule, verdict, _ in CASES])
def test_a_rule_judges_a_model_as_its_definition_says(rule: str, verdict: Verdict, make: Make) -> None:
    judgement = judged(rule, make())
    assert judgement.outcome.verdict is verdict, judgement.findings


def test_every_rule_is_shown_on_a_model_that_passes_or_fails() -> None:
    shown = {rule for rule, verdict, _ in CASES if verdict is not NOT_APPLICABLE}
    assert shown == {rule for rule in RULES if not rule.endswith("000")}  # those have a file of their own


def test_every_rule_says_what_it_asks() -> None:
    assert all(rule.doc.endswith(".") and rule.title for rule in RULES.values())


def test_industry_practices_only_warn() -> None:
    warnings = {rule.id for rule in RULES.values() if rule.severity is Severity.WARNING}
    assert warnings == {"BLT003", "GEM051", "GEM052", "GRF003", "GRF005", "PJS101", "PSE002", "SPS008"}


def test_a_finding_names_the_instance_and_what_was_seen() -> None:
    draft = Draft()
    wall = draft.add("IfcWall", Name="W-01")
    found = judged("SPS005", draft).findings[0]
    assert (found.rule, found.global_id) == ("SPS005", wall.GlobalId)
    assert found.subject == f"IfcWall 'W-01' #{wall.id()}"
    assert (found.expected, found.observed) == ("1", "none")


def test_an_unofficial_version_fails() -> None:
    model = Draft().model()
    judgement = judge_by(RULES["IFC101"], type(model)(model.file, header(schema="IFC4X3_ADD1")))
    assert judgement.outcome.verdict is FAILED
