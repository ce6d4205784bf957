"""ARX1: spaces and elements."""

from collections import Counter

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.model import BuildingModel, ModelElement, ModelSpace
from arxos.domain.buildings.rules.rule import Checks, Fault, rule

HEIGHT_M = (0.5, 50.0)  # of a room, by its own claims: volume over area


def _space(space: ModelSpace, message: str, *, expected: str | None = None, observed: str | None = None) -> Fault:
    name = space.name or space.long_name
    return Fault(message, space.global_id, f"space {name!r}" if name else "space", expected, observed)


def _element(element: ModelElement, message: str) -> Fault:
    name = f" {element.name!r}" if element.name else ""
    return Fault(message, element.global_id, element.ifc_class + name)


@rule("ARX101", "Spaces are on a floor", severity=Severity.WARNING)
def spaces_on_floors(model: BuildingModel) -> Checks:
    """A space on no floor is on no plan."""
    for space in model.spaces:
        yield None if space.floor_id else _space(space, "on no floor")


@rule("ARX102", "Spaces have names", severity=Severity.WARNING)
def spaces_are_named(model: BuildingModel) -> Checks:
    """A number or a name, as on the door."""
    for space in model.spaces:
        yield None if space.name or space.long_name else _space(space, "no name")


@rule("ARX103", "Space names are unique on their floor", severity=Severity.INFO)
def space_names_are_unique(model: BuildingModel) -> Checks:
    """Two rooms of one number and name on one floor cannot be told apart."""
    keys = Counter((s.floor_id, s.name, s.long_name) for s in model.spaces)
    for space in model.spaces:
        if space.name or space.long_name:
            count = keys[space.floor_id, space.name, space.long_name]
            yield None if count == 1 else _space(space, "name used twice on its floor", observed=f"{count} times")


@rule("ARX104", "Claimed sizes of spaces are plausible", severity=Severity.WARNING)
def claimed_sizes(model: BuildingModel) -> Checks:
    """Volume over area is a height: outside 0.5 to 50 m one of the two is in another unit than the file declares."""
    low, high = HEIGHT_M
    for space in model.spaces:
        if space.gross_area_m2 and space.volume_m3:
            height = space.volume_m3 / space.gross_area_m2
            observed = f"{height:.4g} m ({space.volume_m3:.6g} m³ over {space.gross_area_m2:.6g} m²)"
            expected = f"a height of {low:g} to {high:g} m"
            fits = low <= height <= high
            yield None if fits else _space(space, "volume and area do not fit", expected=expected, observed=observed)


@rule("ARX111", "Elements are on a floor", severity=Severity.INFO)
def elements_on_floors(model: BuildingModel) -> Checks:
    """Terrain and site furniture rightly are on none; a wall on none is on no plan."""
    for element in model.elements:
        yield None if element.floor_id else _element(element, "on no floor")
