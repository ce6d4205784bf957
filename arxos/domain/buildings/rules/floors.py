"""ARX0: floors."""

from collections import Counter
from itertools import pairwise

from arxos.domain.buildings.findings import Severity
from arxos.domain.buildings.model import BuildingModel, ModelFloor
from arxos.domain.buildings.rules.rule import Checks, Fault, rule

SAME_LEVEL_M = 0.01
MAX_STOREY_M = 30.0  # from one floor to the next


def _about(floor: ModelFloor, message: str, *, expected: str | None = None, observed: str | None = None) -> Fault:
    return Fault(message, floor.global_id, f"floor {floor.name!r}" if floor.name else "floor", expected, observed)


@rule("ARX001", "A building has floors", severity=Severity.WARNING)
def has_floors(model: BuildingModel) -> Checks:
    """Elements and spaces are found by floor: a model that has some but no floor cannot be looked up by floor."""
    if model.elements or model.spaces:
        yield None if model.floors else Fault("no floor", None, "building", "at least 1", "0")


@rule("ARX002", "Floors have names", severity=Severity.WARNING)
def floors_are_named(model: BuildingModel) -> Checks:
    """People find a floor by its name."""
    for floor in model.floors:
        yield None if floor.name else _about(floor, "no name")


@rule("ARX003", "Floor names are unique", severity=Severity.WARNING)
def floor_names_are_unique(model: BuildingModel) -> Checks:
    """Two floors of one name cannot be told apart, in whatever case and spacing it is written."""
    names = Counter(_plain(floor.name) for floor in model.floors if floor.name)
    for floor in model.floors:
        if floor.name:
            count = names[_plain(floor.name)]
            yield None if count == 1 else _about(floor, "name used twice", expected="once", observed=f"{count} times")


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


@rule("ARX004", "Floors have elevations", severity=Severity.WARNING)
def floors_have_elevations(model: BuildingModel) -> Checks:
    """Without one, a floor has no place in the order of floors."""
    for floor in model.floors:
        yield _about(floor, "no elevation") if floor.elevation_m is None else None


@rule("ARX005", "Floors lie at different elevations", severity=Severity.WARNING)
def floors_lie_apart(model: BuildingModel) -> Checks:
    """Two floors within 1 cm are one floor, or one elevation is wrong."""
    for below, above in _neighbours(model):
        gap = (above.elevation_m or 0.0) - (below.elevation_m or 0.0)
        same = f"at the same elevation as {below.name!r}"
        yield None if gap > SAME_LEVEL_M else _about(above, same, observed=f"{above.elevation_m:.3f} m")


@rule("ARX006", "Storey heights are plausible", severity=Severity.WARNING)
def storey_heights(model: BuildingModel) -> Checks:
    """More than 30 m from one floor to the next is nearly always a length in the wrong unit."""
    for below, above in _neighbours(model):
        gap = (above.elevation_m or 0.0) - (below.elevation_m or 0.0)
        observed = f"{gap:.1f} m above {below.name!r}"
        yield (
            None
            if gap <= MAX_STOREY_M
            else _about(above, "far above the next floor", expected="30 m", observed=observed)
        )


def _neighbours(model: BuildingModel) -> list[tuple[ModelFloor, ModelFloor]]:
    """Pairs of floors, the lower one first, that are next to each other in height."""
    placed = sorted((f for f in model.floors if f.elevation_m is not None), key=lambda f: f.elevation_m or 0.0)
    return list(pairwise(placed))


@rule("ARX007", "Floors hold something", severity=Severity.INFO)
def floors_are_used(model: BuildingModel) -> Checks:
    """A floor with neither elements nor spaces is often left over."""
    used = {thing.floor_id for things in (model.elements, model.spaces) for thing in things}
    for floor in model.floors:
        yield None if floor.global_id in used else _about(floor, "holds nothing")


@rule("ARX008", "Floors are listed from below", severity=Severity.INFO)
def floors_in_order(model: BuildingModel) -> Checks:
    """Software that trusts the order of the file shows floors out of order."""
    placed = [floor for floor in model.floors if floor.elevation_m is not None]
    for before, after in pairwise(placed):
        in_order = (before.elevation_m or 0.0) <= (after.elevation_m or 0.0)
        yield None if in_order else _about(after, f"listed after {before.name!r}, but lies below it")
