"""A store of buildings in memory. Passes the same contract suite as the one on PostgreSQL."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import shapely
from shapely.geometry.base import BaseGeometry

from arxos.domain.buildings.audit_index import IndexFacts
from arxos.domain.buildings.box import Box, box_of
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.findings import Severity, ValidationReport
from arxos.domain.buildings.floor_levels import in_order
from arxos.domain.buildings.repository import (
    BuildingPage,
    ElementQuery,
    FindingPage,
    IndexCounts,
    IndexRecord,
    Listed,
    ModelRecord,
    NewModel,
    Place,
    Stamp,
)
from arxos.domain.buildings.spatial_index import Element, Floor, ModelIndex, Space
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.errors import ConflictError, NotFoundError


class InMemoryBuildings:
    """See `BuildingRepository`. Everything is seen at once: there is no transaction."""

    def __init__(self) -> None:
        self._buildings: dict[UUID, Building] = {}
        self._floors: dict[UUID, tuple[Floor, ...]] = {}
        self._models: dict[UUID, ModelRecord] = {}
        self._reports: dict[UUID, ValidationReport] = {}
        self._reported_at: dict[UUID, datetime] = {}
        self._indexes: dict[UUID, tuple[ModelRecord, datetime, ModelIndex]] = {}
        self._time = datetime(2026, 1, 1, tzinfo=UTC)
        self.removed: list[tuple[UUID, str, str]] = []

    def ids(self, *, after: UUID, limit: int) -> tuple[UUID, ...]:
        return tuple(sorted(one for one in self._buildings if one > after)[:limit])

    def all_models(self, *, after: UUID, limit: int) -> tuple[ModelRecord, ...]:
        return tuple(self._models[one] for one in sorted(one for one in self._models if one > after)[:limit])

    def index_facts(self, *, after: UUID, limit: int) -> tuple[IndexFacts, ...]:
        return tuple(self._index_facts(one) for one in self.ids(after=after, limit=limit))

    def _index_facts(self, building_id: UUID) -> IndexFacts:
        """An index in memory is damaged by nobody."""
        index, latest, counts = self.index(building_id), self.latest_model(building_id), self.counts(building_id)
        return IndexFacts(
            building_id=building_id,
            indexed_id=index.model.id if index else None,
            indexed_revision=index.model.revision if index else None,
            sha256=index.model.sha256 if index else None,
            filename=index.model.filename if index else None,
            latest_id=latest.id if latest else None,
            latest_revision=latest.revision if latest else None,
            latest_age_s=(self._now() - latest.received_at).total_seconds() if latest else None,
            floors=counts.floors,
            spaces=counts.spaces,
            elements=counts.elements,
            foreign=0,
            dangling=0,
            invalid=0,
            outline=index.outline.bounds if index and index.outline else None,
            floors_outline=index.outline.bounds if index and index.outline else None,
        )

    def add(self, building: Building) -> None:
        building.version, building.created_at = 1, self._now()
        building.updated_at = building.created_at
        self._keep(building)

    def get(self, building_id: UUID, *, to_change: bool = False) -> Building:  # noqa: ARG002 - nobody else is there
        if building_id not in self._buildings:
            raise NotFoundError(f"no building '{building_id}'")
        return _copied(self._buildings[building_id], self.floors(building_id))

    def stamp(self, building_id: UUID) -> Stamp:
        version, index = self.get(building_id).version, self.index(building_id)
        model = self.latest_model(building_id) if index is None else index.model
        if model is None:
            return Stamp(version, 0, None, None)
        indexed_at = None if index is None else index.indexed_at
        return Stamp(version, model.revision, indexed_at, self._reported_at.get(model.id))

    def remove(self, building_id: UUID, *, by: str, source: str) -> None:
        self.get(building_id)
        self.removed.append((building_id, by, source))
        for model in self.models(building_id):
            del self._models[model.id]
            self._reports.pop(model.id, None)
        for kept in (self._buildings, self._floors, self._indexes):
            kept.pop(building_id, None)

    def save(self, building: Building) -> None:
        stored = self._buildings.get(building.id)
        if stored is None or stored.version != building.version:
            raise ConflictError(f"building '{building.id}' was changed by somebody else since it was read")
        building.version, building.updated_at = building.version + 1, self._now()
        self._keep(building)

    def list(
        self,
        *,
        status: BuildingStatus | None = None,
        q: str | None = None,
        before: Listed | None = None,
        limit: int = 50,
    ) -> BuildingPage:
        wanted = (q or "").casefold()
        found = [
            _copied(building)
            for building in reversed(self._buildings.values())
            if status in (None, building.status)
            and (wanted in building.name.casefold() or wanted in building.address.line.casefold())
        ]
        start = [one.id for one in found].index(before[1]) + 1 if before else 0
        page = tuple(found[start : start + limit])
        last = (page[-1].created_at, page[-1].id) if page and page[-1].created_at else None
        return BuildingPage(page, last if len(found) > start + limit else None)

    def add_model(self, model: NewModel) -> ModelRecord:
        self.get(model.building_id)
        newest = self.latest_model(model.building_id)
        if newest is not None and newest.sha256 == model.sha256:
            return newest
        record = ModelRecord(
            uuid4(),
            model.building_id,
            newest.revision + 1 if newest else 1,
            model.sha256,
            model.size_bytes,
            model.filename,
            model.format,
            model.submitted_by,
            self._now(),
        )
        self._models[record.id] = record
        return replace(record, is_new=True)

    def model(self, model_id: UUID) -> ModelRecord:
        if model_id not in self._models:
            raise NotFoundError(f"no model '{model_id}'")
        return self._models[model_id]

    def latest_model(self, building_id: UUID) -> ModelRecord | None:
        models = [model for model in self._models.values() if model.building_id == building_id]
        return max(models, key=lambda model: model.revision, default=None)

    def models(self, building_id: UUID, *, before: int | None = None, limit: int = 50) -> tuple[ModelRecord, ...]:
        own = [model for model in self._models.values() if model.building_id == building_id]
        newest = sorted(own, key=lambda model: -model.revision)
        return tuple(model for model in newest if before is None or model.revision < before)[:limit]

    def findings(
        self,
        model_id: UUID,
        *,
        severity: Severity | None = None,
        rule: str | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> FindingPage:
        report = self._reports.get(model_id)
        found = [
            (place, finding)
            for place, finding in enumerate(report.findings if report else ())
            if severity in (None, finding.severity)
            and rule in (None, finding.rule)
            and (after is None or place > after)
        ]
        return FindingPage(tuple(f for _, f in found[:limit]), found[limit - 1][0] if len(found) > limit else None)

    def named_blobs(self, names: Sequence[str]) -> set[str]:
        return {model.sha256 for model in self._models.values()}.intersection(names)

    def save_report(self, model_id: UUID, report: ValidationReport) -> None:
        known = self.model(model_id)
        self._models[model_id] = replace(known, schema=report.schema or known.schema)
        self._reports[model_id] = report
        self._reported_at[model_id] = self._now()

    def report(self, model_id: UUID) -> ValidationReport | None:
        return self._reports.get(model_id)

    def replace_index(self, model_id: UUID, index: ModelIndex) -> bool:
        model = self.model(model_id)
        current = self._indexes.get(model.building_id)
        if current is not None and current[0].revision > model.revision:
            return False
        self._models[model_id] = replace(model, schema=index.schema)
        self._indexes[model.building_id] = (self._models[model_id], self._now(), index)
        self._floors[model.building_id] = index.floors
        return True

    def index(self, building_id: UUID) -> IndexRecord | None:
        if building_id not in self._indexes:
            return None
        model, at, index = self._indexes[building_id]
        places: tuple[Element | Space, ...] = (*index.elements, *index.spaces)
        boxes = [place.box for place in places if place.box is not None]
        return IndexRecord(
            model, at, index.true_north_deg, index.georeference, index.outline, None, _around(boxes) if boxes else None
        )

    def counts(self, building_id: UUID) -> IndexCounts:
        spaces, elements = self.spaces(building_id), self._elements(building_id)
        states = [space.state.value for space in spaces] + [element.state.value for element in elements]
        return IndexCounts(
            len(self.floors(building_id)),
            len(spaces),
            len(elements),
            sum(element.box is not None for element in elements),
            Counter(element.ifc_class for element in elements),
            Counter(states),
        )

    def floors(self, building_id: UUID) -> tuple[Floor, ...]:
        return in_order(self._floors.get(building_id, ()))

    def spaces(self, building_id: UUID) -> tuple[Space, ...]:
        found = self._indexes[building_id][2].spaces if building_id in self._indexes else ()
        return tuple(sorted(found, key=lambda space: (space.floor_id is None, space.floor_id, space.global_id)))

    def space_page(
        self, building_id: UUID, *, floor_id: UUID | None = None, after: Place | None = None, limit: int = 50
    ) -> tuple[Space, ...]:
        found = [space for space in self.spaces(building_id) if floor_id in (None, space.floor_id)]
        return tuple(s for s in sorted(found, key=_place) if after is None or _place(s) > after)[:limit]

    def spaces_on_floor(self, building_id: UUID, floor_id: UUID | None) -> tuple[Space, ...]:
        return tuple(space for space in self.spaces(building_id) if space.floor_id == floor_id)

    def spaces_at(self, building_id: UUID, x: float, y: float, z: float | None = None) -> tuple[Space, ...]:
        box = box_of((x, y) if z is None else (x, y, z))
        found = (space for space in self.spaces(building_id) if _covers(space, box))
        return tuple(sorted(found, key=lambda space: space.global_id))

    def elements_on_floor(
        self, building_id: UUID, floor_id: UUID | None, *, crossing: bool = False
    ) -> tuple[Element, ...]:
        return tuple(
            element
            for element in self._elements(building_id)
            if element.floor_id == floor_id or (crossing and floor_id in element.crosses)
        )

    def elements(self, building_id: UUID, query: ElementQuery) -> tuple[Element, ...]:
        found = [e for e in self._elements(building_id) if query.after is None or _place(e) > query.after]
        if query.floor_id is not None:
            found = [element for element in found if element.floor_id == query.floor_id]
        if query.ifc_class is not None:
            found = [element for element in found if element.ifc_class == query.ifc_class]
        if query.at is not None:
            at = box_of(query.at)
            found = [element for element in found if _covers(element, at)]
        if query.box is not None:
            box = box_of(query.box)
            found = [element for element in found if _meets(element, box)]
        if query.near is not None:
            near = query.near
            found = sorted((e for e in found if e.box is not None), key=lambda element: _distance(element, near))
        return tuple(found[: query.limit])

    def _elements(self, building_id: UUID) -> tuple[Element, ...]:
        found = self._indexes[building_id][2].elements if building_id in self._indexes else ()
        return tuple(sorted(found, key=_place))

    def _keep(self, building: Building) -> None:
        self._buildings[building.id] = _copied(building)
        self._floors[building.id] = building.floors

    def _now(self) -> datetime:
        self._time += timedelta(seconds=1)
        return self._time


def _place(place: Element | Space) -> Place:
    return place.global_id, place.id


def _copied(b: Building, floors: tuple[Floor, ...] = ()) -> Building:
    return Building(b.id, b.name, b.address, b.status, floors, b.version, b.created_at, b.updated_at)


def _around(boxes: list[Box]) -> Box:
    lows = [min(getattr(box, name) for box in boxes) for name in ("x_min", "y_min", "z_min")]
    highs = [max(getattr(box, name) for box in boxes) for name in ("x_max", "y_max", "z_max")]
    return Box(*lows, *highs)


def _plan(place: Element | Space) -> BaseGeometry:
    assert place.box is not None
    return place.footprint or shapely.box(place.box.x_min, place.box.y_min, place.box.x_max, place.box.y_max)


def _covers(place: Element | Space, at: Box) -> bool:
    if place.footprint is None or place.box is None:
        return False
    return place.box.meets(at) and bool(place.footprint.covers(shapely.Point(at.x_min, at.y_min)))


def _meets(element: Element, box: Box) -> bool:
    if element.box is None or not element.box.meets(box):
        return False
    return bool(_plan(element).intersects(shapely.box(box.x_min, box.y_min, box.x_max, box.y_max)))


def _distance(element: Element, near: tuple[float, float, float]) -> tuple[float, str]:
    x, y, z = near
    assert element.box is not None
    gap = max(element.box.z_min - z, z - element.box.z_max, 0.0)
    return math.hypot(_plan(element).distance(shapely.Point(x, y)), gap), element.global_id
