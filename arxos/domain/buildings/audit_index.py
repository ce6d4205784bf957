"""Audit the spatial index: is it whole, of the newest model, and does it say what its model says?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from arxos.domain.audits.findings import AuditFinding, Place, Repair
from arxos.domain.audits.run_audit import Examined
from arxos.domain.errors import InvalidError, NotFoundError
from arxos.domain.ports import Ports

BUILDINGS = 20  # examined in one step
FIRST = UUID(int=0)
PATIENCE_S = 3600.0  # how long the indexing of a new model may take before its absence is a finding
EXTENT_M = 0.01  # by how much two extents may differ


class IndexDamage(StrEnum):
    """The sorts of damage to an index."""

    STALE = "index_stale"
    FOREIGN = "index_foreign_rows"
    DANGLING = "index_dangling"
    INVALID = "index_invalid_geometry"
    EXTENT = "index_extent"
    COUNTS = "index_counts"


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What the index of a building is made of. `indexed_id` None: it has none. Extents in metres, as x0, y0, x1, y1."""

    building_id: UUID
    indexed_id: UUID | None
    indexed_revision: int | None
    sha256: str | None
    filename: str | None
    latest_id: UUID | None
    latest_revision: int | None
    latest_age_s: float | None
    floors: int
    spaces: int
    elements: int
    foreign: int  # rows of other models
    dangling: int  # rows on floors that are not there
    invalid: int  # shapes that are no valid polygons
    outline: tuple[float, ...] | None  # the extent of the model's outline
    floors_outline: tuple[float, ...] | None  # of its floors' outlines together


@dataclass(frozen=True, slots=True)
class IndexAudit:
    """`with_models`: open every indexed model and count what it states."""

    ports: Ports
    with_models: bool = True

    def examine(self, place: Place | None) -> Iterator[Examined]:
        """Building by building, in order of their ids."""
        after = UUID(str(place["after"])) if place else FIRST
        while True:
            with self.ports.unit_of_work() as uow:
                buildings = uow.buildings.index_facts(after=after, limit=BUILDINGS)
            if not buildings:
                return
            after = buildings[-1].building_id
            found = [finding for facts in buildings for finding in self._damage(facts)]
            yield Examined(len(buildings), found, {"after": str(after)})

    def _damage(self, facts: IndexFacts) -> Iterator[AuditFinding]:
        for damage, look in _LOOKS.items():
            if words := look(facts):
                yield _finding(damage, facts, words)
        if self.with_models and facts.indexed_id is not None and (words := self._counted(facts)):
            yield _finding(IndexDamage.COUNTS, facts, words)

    def _counted(self, facts: IndexFacts) -> str | None:
        """What the model states beside what is indexed; a model that cannot be read is another audit's business."""
        assert facts.sha256 is not None
        assert facts.filename is not None
        try:
            with self.ports.blobs.local_copy(facts.sha256) as path:
                stated = self.ports.readers.reader_for(path, facts.filename).open(path, checked=False).outline()
        except (NotFoundError, InvalidError):
            return None
        stated_counts = (len(stated.floors), len(stated.spaces), len(stated.elements))
        indexed = (facts.floors, facts.spaces, facts.elements)
        if stated_counts == indexed:
            return None
        return f"has {_counts(indexed)}, and its model states {_counts(stated_counts)}"


def _counts(counts: tuple[int, int, int]) -> str:
    return "{} floors, {} spaces, {} elements".format(*counts)


def _stale(facts: IndexFacts) -> str | None:
    if facts.latest_id in {None, facts.indexed_id} or (facts.latest_age_s or 0.0) < PATIENCE_S:
        return None
    indexed = "none is" if facts.indexed_revision is None else f"revision {facts.indexed_revision} is"
    return f"{indexed} indexed, and revision {facts.latest_revision} came {facts.latest_age_s:.0f} s ago"


def _foreign(facts: IndexFacts) -> str | None:
    return f"{facts.foreign} rows are of another model than the indexed one" if facts.foreign else None


def _dangling(facts: IndexFacts) -> str | None:
    return f"{facts.dangling} rows lie on floors that are not there" if facts.dangling else None


def _invalid(facts: IndexFacts) -> str | None:
    return f"{facts.invalid} shapes are no valid polygons" if facts.invalid else None


def _extent(facts: IndexFacts) -> str | None:
    if facts.outline is None or facts.floors_outline is None:
        return None
    apart = max(abs(one - other) for one, other in zip(facts.outline, facts.floors_outline, strict=True))
    return f"its outline and its floors' differ by {apart:.3f} m" if apart > EXTENT_M else None


def _finding(damage: IndexDamage, facts: IndexFacts, words: str) -> AuditFinding:
    model = facts.latest_id if damage is IndexDamage.STALE else facts.indexed_id
    repair = Repair("building.index_geometry", {"model_id": str(model)})
    return AuditFinding(damage, f"building {facts.building_id}", words, repair)


_LOOKS: dict[IndexDamage, Callable[[IndexFacts], str | None]] = {
    IndexDamage.STALE: _stale,
    IndexDamage.FOREIGN: _foreign,
    IndexDamage.DANGLING: _dangling,
    IndexDamage.INVALID: _invalid,
    IndexDamage.EXTENT: _extent,
}
