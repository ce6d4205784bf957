"""ARX2: what a model says of itself as a whole."""

from collections import Counter

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.model import BuildingModel
from arxos.domain.buildings.rules.rule import Checks, Fault, rule


@rule("ARX201", "Global ids are unique", severity=Severity.ERROR)
def global_ids_are_unique(model: BuildingModel) -> Checks:
    """Everything is looked up by its global id: of two with the same, one is lost."""
    things = [thing for things in (model.floors, model.spaces, model.elements) for thing in things]
    for global_id, count in Counter(thing.global_id for thing in things).items():
        yield None if count == 1 else Fault("global id used twice", global_id, None, "once", f"{count} times")


@rule("ARX202", "The building has a name", severity=Severity.INFO)
def building_is_named(model: BuildingModel) -> Checks:
    """A building, or at least the project, is named."""
    named = model.building_name or model.project_name
    yield None if named else Fault("neither the building nor the project has a name", None, "building")


@rule("ARX203", "The building has an address", severity=Severity.INFO)
def building_has_an_address(model: BuildingModel) -> Checks:
    """A postal address says which building this is."""
    yield None if model.address else Fault("no postal address", None, "building")


@rule("ARX204", "The model is georeferenced", severity=Severity.INFO)
def model_is_georeferenced(model: BuildingModel) -> Checks:
    """Without a place on earth a model cannot be shown on a map. 0,0 and an authoring tool's default are no places."""
    yield None if model.georeference else Fault("no place on earth", None, "building")
