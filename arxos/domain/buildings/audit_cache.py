"""Audit the cache: what readers are given must be what would be computed now. By samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from uuid import UUID

from arxos.domain.audits.findings import AuditFinding, Place, Repair
from arxos.domain.audits.run_audit import Examined
from arxos.domain.buildings.warm_cache import computed_entries
from arxos.domain.errors import NotFoundError
from arxos.domain.ports import Ports

SAMPLE = 50  # buildings
DIFFERS = "cache_differs"


@dataclass(frozen=True, slots=True)
class CacheAudit:
    """Compares every cached answer of so many buildings, drawn by chance, with one that is computed anew."""

    ports: Ports
    random: Random
    sample: int = SAMPLE

    def examine(self, place: Place | None) -> Iterator[Examined]:
        """A building at a time. An attempt that was interrupted draws the rest of the sample anew."""
        first = int(place["examined"]) if place else 0
        for number, building_id in enumerate(self._drawn(self.sample - first), first + 1):
            count, found = self._compared(building_id)
            yield Examined(count, found, {"examined": number}, number / self.sample)

    def _drawn(self, count: int) -> list[UUID]:
        """Those behind a random place in the order of ids, and from the beginning where that is the end."""
        start = UUID(int=self.random.getrandbits(128))
        with self.ports.unit_of_work() as uow:
            drawn = uow.buildings.ids(after=start, limit=count)
            if len(drawn) < count:
                drawn += uow.buildings.ids(after=UUID(int=0), limit=count - len(drawn))
        return list(dict.fromkeys(drawn))

    def _compared(self, building_id: UUID) -> tuple[int, list[AuditFinding]]:
        count, found = 0, []
        try:
            for key, computed in computed_entries(self.ports, building_id):
                cached = self.ports.cache.get(key)
                count += cached is not None
                if cached is not None and cached != computed:
                    found.append(_differs(key, building_id))
        except NotFoundError:
            pass  # it was removed meanwhile
        return count, found


def _differs(key: str, building_id: UUID) -> AuditFinding:
    words = "what is cached is not what is computed now"
    return AuditFinding(
        DIFFERS, f"cache {key}", words, Repair("building.warm_cache", {"building_id": str(building_id)})
    )
