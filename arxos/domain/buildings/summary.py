"""A building in numbers: what readers ask for most."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arxos.domain.buildings.box import Box
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.repository import IndexCounts, IndexRecord, ModelRecord
from arxos.domain.buildings.spatial_index import Floor, Space


@dataclass(frozen=True, slots=True)
class FloorSummary:
    """One floor. `space_area_m2`: the sum of its spaces' footprints; `outline_area_m2`: what its slabs cover."""

    id: UUID
    global_id: str
    name: str | None
    elevation_m: float | None
    spaces: int
    space_area_m2: float
    outline_area_m2: float | None


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """The model that the numbers are of. `indexed_at` None: it is not in the spatial index (yet)."""

    id: UUID
    revision: int
    sha256: str
    schema: str | None
    filename: str
    size_bytes: int
    received_at: datetime
    indexed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FindingSummary:
    """A validation report in numbers; by severity and by rule, most findings first."""

    valid: bool
    by_severity: Mapping[str, int]
    by_rule: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BuildingSummary:
    """Everything at a glance. Metres and m²; `space_area_m2` also counts spaces that are on no floor."""

    id: UUID
    name: str
    address: str
    status: str
    model: ModelSummary | None
    floors: tuple[FloorSummary, ...]
    spaces: int
    elements: int
    elements_with_geometry: int
    by_class: Mapping[str, int]
    by_state: Mapping[str, int]
    space_area_m2: float
    findings: FindingSummary | None
    extent: Box | None
    georeference: GeoReference | None
    true_north_deg: float | None


def summarize(
    building: Building,
    model: ModelRecord | None,
    index: IndexRecord | None,
    counts: IndexCounts,
    spaces: Iterable[Space],
    report: ValidationReport | None,
) -> BuildingSummary:
    """The summary of a building with its floors, from what is stored of it."""
    all_spaces = list(spaces)
    return BuildingSummary(
        id=building.id,
        name=building.name,
        address=building.address.line,
        status=building.status.value,
        model=None if model is None else _model(model, index),
        floors=tuple(_floor(floor, all_spaces) for floor in building.floors),
        spaces=counts.spaces,
        elements=counts.elements,
        elements_with_geometry=counts.elements_with_geometry,
        by_class=_most_first(counts.by_class),
        by_state=_most_first(counts.by_state),
        space_area_m2=_area(all_spaces),
        findings=None if report is None else _findings(report),
        extent=None if index is None else index.box,
        georeference=None if index is None else index.georeference,
        true_north_deg=None if index is None else index.true_north_deg,
    )


def _model(model: ModelRecord, index: IndexRecord | None) -> ModelSummary:
    at = index.indexed_at if index is not None and index.model.id == model.id else None
    return ModelSummary(
        model.id, model.revision, model.sha256, model.schema, model.filename, model.size_bytes, model.received_at, at
    )


def _floor(floor: Floor, spaces: Iterable[Space]) -> FloorSummary:
    own = [space for space in spaces if space.floor_id == floor.id]
    outline = None if floor.outline is None else round(floor.outline.area, 3)
    return FloorSummary(floor.id, floor.global_id, floor.name, floor.elevation_m, len(own), _area(own), outline)


def _area(spaces: Iterable[Space]) -> float:
    return round(sum(space.area_m2 or 0.0 for space in spaces), 3)


def _findings(report: ValidationReport) -> FindingSummary:
    # A rule's own count also holds the findings beyond the report's cap.
    rules = {rule.id: rule.findings for rule in report.rules if rule.findings}
    return FindingSummary(report.valid, report.counts(), _most_first(rules))


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(Counter(counts).items(), key=lambda item: (-item[1], item[0])))
