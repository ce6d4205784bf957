"""GEM, BBX, MPD: rules on representations."""

from typing import Any

import pytest

from arxos.domain.buildings.findings import Verdict
from arxos.formats.ifc.rules import representation
from tests.rule_cases import FAILED, NOT_APPLICABLE, PASSED, Case, Make, collector, judged, not_failed
from tests.step_files import Draft

CASES: list[Case] = []
case = collector(CASES)


@case("GEM051", FAILED)
def a_project_without_contexts() -> Draft:
    draft = Draft()
    draft.tower()
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


@pytest.mark.parametrize(("rule", "verdict", "make"), CASES, ids=[f"{rule}-{verdict}" for rule, verdict, _ in CASES])
def test_a_rule_judges_a_model_as_its_definition_says(rule: str, verdict: Verdict, make: Make) -> None:
    judgement = judged(rule, make())
    assert judgement.outcome.verdict is verdict, judgement.findings


def test_every_rule_has_a_model_that_fails_it() -> None:
    assert not_failed(CASES, representation) == set()
