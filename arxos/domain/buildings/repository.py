"""What the domain needs of a store of buildings. Used inside a unit of work: others see nothing before `commit`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from shapely import MultiPolygon

from arxos.domain.buildings.box import Box, box_of
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.findings import Finding, Severity, ValidationReport
from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.spatial_index import Element, Floor, ModelIndex, Space
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.errors import InvalidError, InvalidGeometryError

Listed = tuple[datetime, UUID]  # (created at, id): where a listing of buildings goes on
Place = tuple[str, UUID]  # (global id, id): where a listing of spaces or elements goes on

if TYPE_CHECKING:  # the audit imports this module by way of the ports
    from arxos.domain.buildings.audit_index import IndexFacts


@dataclass(frozen=True, slots=True)
class BuildingPage:
    """Some buildings, newest first, and the last one's place in the list (None: there are no more)."""

    items: tuple[Building, ...]
    last: Listed | None


@dataclass(frozen=True, slots=True)
class NewModel:
    """An uploaded source file, as its sender describes it. The bytes lie in the blob store under `sha256`."""

    building_id: UUID
    sha256: str
    size_bytes: int
    filename: str
    format: str
    submitted_by: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """An uploaded source file. `revision` counts a building's models from 1; `schema` is known once it was read."""

    id: UUID
    building_id: UUID
    revision: int
    sha256: str
    size_bytes: int
    filename: str
    format: str
    submitted_by: str | None
    received_at: datetime
    schema: str | None = None
    is_new: bool = False  # only in the answer to `add_model`: the record was made by that call


@dataclass(frozen=True, slots=True)
class Stamp:
    """What answers about a building are made from: while this is the same, so are they.

    Of the model in the spatial index, else the newest (`revision` 0: there is none): when it was indexed and validated.
    """

    version: int
    revision: int
    indexed_at: datetime | None
    validated_at: datetime | None


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Some findings in the order of their report, and the place of the last one (None: these were the last)."""

    items: tuple[Finding, ...]
    last: int | None


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """Of which model a building's current spatial index is, when it was made, and where the building stands."""

    model: ModelRecord
    indexed_at: datetime
    true_north_deg: float
    georeference: GeoReference | None
    outline: MultiPolygon | None
    geo_outline: MultiPolygon | None
    box: Box | None  # around every element and space


@dataclass(frozen=True, slots=True)
class IndexCounts:
    """A building's spatial index in numbers. `elements_with_geometry`: those that have a box in it."""

    floors: int
    spaces: int
    elements: int
    elements_with_geometry: int
    by_class: Mapping[str, int]  # elements, by IFC class
    by_state: Mapping[str, int]  # elements and spaces, by geometry state


@dataclass(frozen=True, slots=True)
class ElementQuery:
    """Which elements are wanted; every part that is given narrows the answer. Metres, model axes.

    `at` (x, y[, z]): the footprint covers the point (and the z range holds z). `box` (x0, y0, x1, y1) or
    (x0, y0, z0, x1, y1, z1): the footprint meets the rectangle (and the z ranges overlap). `near` (x, y, z): nearest
    first, by the distance in plan to the footprint combined with the gap in height. Otherwise ordered by global id and
    id, and only those that come `after` such a pair.
    """

    at: tuple[float, ...] | None = None
    box: tuple[float, ...] | None = None
    near: tuple[float, float, float] | None = None
    ifc_class: str | None = None
    limit: int = 100
    floor_id: UUID | None = None  # the floor that contains them
    after: Place | None = None

    def __post_init__(self) -> None:
        """Raises InvalidGeometryError for numbers that are no point or no box, InvalidError for the limit."""
        for numbers, sizes in ((self.at, (2, 3)), (self.box, (4, 6)), (self.near, (3,))):
            if numbers is not None and len(numbers) not in sizes:
                raise InvalidGeometryError(f"needs {' or '.join(map(str, sizes))} coordinates, got {len(numbers)}")
            if numbers is not None:
                box_of(numbers)
        if self.limit < 1:
            raise InvalidError(f"limit: at least 1, got {self.limit}")


class BuildingRepository(Protocol):
    """Buildings, their models, the reports on these, and the spatial index of the newest indexed model."""

    def add(self, building: Building) -> None:
        """A new building."""

    def get(self, building_id: UUID, *, to_change: bool = False) -> Building:
        """The building with its floors. `to_change`: nobody else changes it before the end. Raises NotFoundError."""

    def stamp(self, building_id: UUID) -> Stamp:
        """Whether anything has changed, in one short look. Raises NotFoundError."""

    def remove(self, building_id: UUID, *, by: str, source: str) -> None:
        """Take the building with its models, reports and index away, and record who did it from where.

        The models' bytes stay in the blob store. Raises NotFoundError.
        """

    def save(self, building: Building) -> None:
        """Write name, address, status and new floors. Raises ConflictError where it was saved since it was read."""

    def list(
        self,
        *,
        status: BuildingStatus | None = None,
        q: str | None = None,
        before: Listed | None = None,
        limit: int = 50,
    ) -> BuildingPage:
        """Buildings before that place, newest first, without their floors. `q`: a part of name or address."""

    def add_model(self, model: NewModel) -> ModelRecord:
        """Record an uploaded file as the building's next revision. The bytes of its newest revision again: that record.

        Raises NotFoundError for the building.
        """

    def model(self, model_id: UUID) -> ModelRecord:
        """Raises NotFoundError."""

    def latest_model(self, building_id: UUID) -> ModelRecord | None:
        """The building's newest revision, indexed or not."""

    def models(self, building_id: UUID, *, before: int | None = None, limit: int = 50) -> tuple[ModelRecord, ...]:
        """The building's revisions, newest first, those before revision `before`."""

    def findings(
        self,
        model_id: UUID,
        *,
        severity: Severity | None = None,
        rule: str | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> FindingPage:
        """A part of the report on this model, from behind the place `after` on; empty while there is no report."""

    def named_blobs(self, names: Sequence[str]) -> set[str]:
        """Those of the bytes that some model names."""

    def save_report(self, model_id: UUID, report: ValidationReport) -> None:
        """Store the report in place of an earlier one on the same model. Raises NotFoundError for the model."""

    def report(self, model_id: UUID) -> ValidationReport | None:
        """The report on this model, None while there is none."""

    def replace_index(self, model_id: UUID, index: ModelIndex) -> bool:
        """Make this the building's spatial index, in place of an earlier one.

        False, and nothing changes, where a newer revision's is in place already. Raises NotFoundError for the model.
        """

    def index(self, building_id: UUID) -> IndexRecord | None:
        """Which model is indexed, None while none is."""

    def counts(self, building_id: UUID) -> IndexCounts:
        """The current index in numbers; zeros while there is none."""

    def floors(self, building_id: UUID) -> tuple[Floor, ...]:
        """Lowest first, those without a level last."""

    def spaces(self, building_id: UUID) -> tuple[Space, ...]:
        """All spaces, by floor id, then global id."""

    def space_page(
        self, building_id: UUID, *, floor_id: UUID | None = None, after: Place | None = None, limit: int = 50
    ) -> tuple[Space, ...]:
        """Spaces by global id and id, those after that place; None: on any floor or none."""

    def spaces_on_floor(self, building_id: UUID, floor_id: UUID | None) -> tuple[Space, ...]:
        """The spaces of one floor by global id; None: those on no floor."""

    def elements_on_floor(
        self, building_id: UUID, floor_id: UUID | None, *, crossing: bool = False
    ) -> tuple[Element, ...]:
        """What one floor contains by global id, with `crossing` also what reaches into it; None: on no floor."""

    def elements(self, building_id: UUID, query: ElementQuery) -> tuple[Element, ...]:
        """The elements that fit the query, at most `query.limit`."""

    def spaces_at(self, building_id: UUID, x: float, y: float, z: float | None = None) -> tuple[Space, ...]:
        """The spaces whose footprint covers the point (and whose z range holds z), by global id."""

    def ids(self, *, after: UUID, limit: int) -> tuple[UUID, ...]:
        """The next buildings, in order of their ids."""

    def all_models(self, *, after: UUID, limit: int) -> tuple[ModelRecord, ...]:
        """The next models of all buildings, in order of their ids."""

    def index_facts(self, *, after: UUID, limit: int) -> "tuple[IndexFacts, ...]":
        """The next buildings' indexes for whoever audits them, in order of the buildings' ids."""
