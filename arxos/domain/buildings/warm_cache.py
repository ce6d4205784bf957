"""What readers of a building ask for most, computed before they ask, and again where the cache has lost it.

Keys say what the answer was made from: the building's version, the model's revision, and when that was indexed and
validated. Nothing is ever deleted to be correct, old keys just go unread until they expire.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from arxos.domain.buildings.building import Building
from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.floor_list import floor_list
from arxos.domain.buildings.model_reader import Progress
from arxos.domain.buildings.plan import FloorPlan, remarks_on
from arxos.domain.buildings.plan_geojson import plan_geojson
from arxos.domain.buildings.plan_svg import draw_plan
from arxos.domain.buildings.repository import BuildingRepository, IndexRecord, ModelRecord, Stamp
from arxos.domain.buildings.spatial_index import Floor
from arxos.domain.buildings.summary import BuildingSummary, summarize
from arxos.domain.errors import InvalidError, NotFoundError, UnavailableError
from arxos.domain.ports import Ports

SUMMARY: Final = "summary"
FLOORS: Final = "floors"
TRIES: Final = 3  # an answer that was made while its building changed is made again


class PlanFormat(StrEnum):
    """How a plan is written."""

    SVG = "svg"
    GEOJSON = "geojson"


_WRITE: dict[PlanFormat, Callable[[FloorPlan], str]] = {PlanFormat.SVG: draw_plan, PlanFormat.GEOJSON: plan_geojson}


@dataclass(frozen=True, slots=True)
class Warmed:
    """What was put into the cache."""

    revision: int
    floors: int
    entries: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a building's answers are made from. `model`: the one indexed, else the newest."""

    building: Building
    index: IndexRecord | None
    model: ModelRecord | None
    report: ValidationReport | None


def warm_cache(ports: Ports, building_id: UUID, progress: Progress) -> Warmed:
    """Put the summary, the floors and their plans into the cache. Raises NotFoundError, UnavailableError.

    One floor at a time, each in its own short reading transaction: memory stays small and nothing is locked. Should the
    building change meanwhile, nobody asks for these keys any more.
    """
    with ports.unit_of_work() as uow:
        prefix = _prefix(building_id, uow.buildings.stamp(building_id))
        stored = _read(uow.buildings, building_id)
        values = {prefix + name: value for name, value in _whole(uow.buildings, stored)}
    entries, size = 0, 0
    floors = stored.building.floors
    for done, floor in enumerate(floors):
        progress(done / len(floors), f"plan of {floor.name or 'a floor'}")
        plan = _plan(ports, stored, floor)
        values |= {prefix + _plan_name(str(floor.id), form): write(plan).encode() for form, write in _WRITE.items()}
        ports.cache.put_many(values)
        entries, size = entries + len(values), size + sum(map(len, values.values()))
        values = {}
    ports.cache.put_many(values)
    entries, size = entries + len(values), size + sum(map(len, values.values()))
    return Warmed(stored.model.revision if stored.model else 0, len(floors), entries, size)


def computed_entries(ports: Ports, building_id: UUID) -> Iterator[tuple[str, bytes]]:
    """What the cache should hold for the building, each key with its value, computed now. Raises NotFoundError."""
    with ports.unit_of_work() as uow:
        prefix = _prefix(building_id, uow.buildings.stamp(building_id))
        stored = _read(uow.buildings, building_id)
    for name, value in _entries(ports, stored):
        if _prefix_now(ports, building_id) != prefix:
            return  # it has changed meanwhile: what was computed is not what these keys stand for
        yield prefix + name, value


def _entries(ports: Ports, stored: _Stored) -> Iterator[tuple[str, bytes]]:
    with ports.unit_of_work() as uow:
        whole = _whole(uow.buildings, stored)
    yield from whole
    for floor in stored.building.floors:
        plan = _plan(ports, stored, floor)
        yield from ((_plan_name(str(floor.id), form), write(plan).encode()) for form, write in _WRITE.items())


def read_summary(ports: Ports, building_id: UUID) -> bytes:
    """The building's summary as JSON. Raises NotFoundError."""

    def build() -> bytes:
        with ports.unit_of_work() as uow:
            return _summary(uow.buildings, _read(uow.buildings, building_id))

    return _cached(ports, building_id, SUMMARY, build)


def read_floors(ports: Ports, building_id: UUID) -> bytes:
    """The building's floors as JSON. Raises NotFoundError."""

    def build() -> bytes:
        with ports.unit_of_work() as uow:
            return floor_list(uow.buildings.get(building_id).floors)

    return _cached(ports, building_id, FLOORS, build)


def read_plan(ports: Ports, building_id: UUID, floor: str | None, form: PlanFormat) -> bytes:
    """One floor's plan. `floor`: its id, global id or name; None: the only one, or the lowest with spaces.

    Raises NotFoundError for the building or floor, InvalidError for a name that several floors have.
    """

    def build() -> bytes:
        with ports.unit_of_work() as uow:
            stored = _read(uow.buildings, building_id)
            chosen = _find_floor(uow.buildings, stored.building, floor)
        return _WRITE[form](_plan(ports, stored, chosen)).encode()

    return _cached(ports, building_id, _plan_name(_floor_id(ports, building_id, floor), form), build)


def _cached(ports: Ports, building_id: UUID, name: str, build: Callable[[], bytes]) -> bytes:
    """Cache-aside. Without a lock: two readers may compute the same answer, none ever waits for another."""
    value, prefix = b"", _prefix_now(ports, building_id)
    for _ in range(TRIES):
        hit = None
        with suppress(UnavailableError):  # a cache that is away costs time, never the answer
            hit = ports.cache.get(prefix + name)
        if hit is not None:
            return hit
        value, before = build(), prefix
        # It takes several looks at the database: where something changed between them, they do not fit together.
        if (prefix := _prefix_now(ports, building_id)) == before:
            with suppress(UnavailableError):
                ports.cache.put_many({prefix + name: value})
            break
    return value


def is_warm(ports: Ports, building_id: UUID) -> bool:
    """Whether a reader of the building's summary finds it in the cache. Raises NotFoundError, UnavailableError."""
    return ports.cache.get(_prefix_now(ports, building_id) + SUMMARY) is not None


def _prefix_now(ports: Ports, building_id: UUID) -> str:
    with ports.unit_of_work() as uow:
        return _prefix(building_id, uow.buildings.stamp(building_id))


def _prefix(building_id: UUID, stamp: Stamp) -> str:
    made = f"{_moment(stamp.indexed_at)}.{_moment(stamp.validated_at)}"
    return f"building:{building_id}:r{stamp.revision}.{stamp.version}.{made}:"


def _moment(at: datetime | None) -> str:
    return "-" if at is None else f"{round(at.timestamp() * 1e6):x}"


def _read(buildings: BuildingRepository, building_id: UUID) -> _Stored:
    building = buildings.get(building_id)
    index = buildings.index(building_id)
    model = index.model if index is not None else buildings.latest_model(building_id)
    return _Stored(building, index, model, buildings.report(model.id) if model is not None else None)


def _whole(buildings: BuildingRepository, stored: _Stored) -> list[tuple[str, bytes]]:
    """The answers about the building as a whole, each with its name."""
    return [(SUMMARY, _summary(buildings, stored)), (FLOORS, floor_list(stored.building.floors))]


def _summary(buildings: BuildingRepository, stored: _Stored) -> bytes:
    building_id = stored.building.id
    counts, spaces = buildings.counts(building_id), buildings.spaces(building_id)
    return as_json(summarize(stored.building, stored.model, stored.index, counts, spaces, stored.report))


def as_json(summary: BuildingSummary) -> bytes:
    """The summary as a JSON document: ids as text, times as RFC 3339."""
    return json.dumps(asdict(summary), default=_text, ensure_ascii=False).encode()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _plan(ports: Ports, stored: _Stored, floor: Floor) -> FloorPlan:
    with ports.unit_of_work() as uow:
        spaces = uow.buildings.spaces_on_floor(stored.building.id, floor.id)
        elements = uow.buildings.elements_on_floor(stored.building.id, floor.id, crossing=True)
    index = stored.index
    return FloorPlan(
        building_name=stored.building.name,
        floor=floor,
        spaces=spaces,
        elements=elements,
        remarks=remarks_on(floor, (*spaces, *elements), stored.report),
        true_north_deg=index.true_north_deg if index else 0.0,
        georeference=index.georeference if index else None,
        revision=stored.model.revision if stored.model else 0,
    )


def _plan_name(floor_id: str, form: PlanFormat) -> str:
    return f"floor:{floor_id}:plan.{form.value}"


def _floor_id(ports: Ports, building_id: UUID, wanted: str | None) -> str:
    """The id as it stands in keys; one that is written as an id needs no look at the floors."""
    try:
        return str(UUID(wanted or ""))
    except ValueError:
        with ports.unit_of_work() as uow:
            return str(_find_floor(uow.buildings, uow.buildings.get(building_id), wanted).id)


def _find_floor(buildings: BuildingRepository, building: Building, wanted: str | None) -> Floor:
    floors = building.floors
    if wanted is None:
        return _usual_floor(buildings, building)
    exact = [floor for floor in floors if wanted in (str(floor.id), floor.global_id)]
    named = [floor for floor in floors if (floor.name or "").casefold() == wanted.strip().casefold()]
    found = exact or named
    if not found:
        known = ", ".join(repr(floor.name) for floor in floors if floor.name) or "it has none"
        raise NotFoundError(f"no floor {wanted!r} in building '{building.id}': {known}")
    if len(found) > 1:
        raise InvalidError(f"floor {wanted!r}: several have this name; ids {', '.join(str(f.id) for f in found)}")
    return found[0]


def _usual_floor(buildings: BuildingRepository, building: Building) -> Floor:
    if not building.floors:
        raise NotFoundError(f"building '{building.id}' has no floors")
    used = {space.floor_id for space in buildings.spaces(building.id)}
    return next((floor for floor in building.floors if floor.id in used), building.floors[0])
