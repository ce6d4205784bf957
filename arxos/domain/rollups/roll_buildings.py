"""Count the buildings of a day."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from arxos.domain.ports import OpenUnitOfWork
from arxos.domain.rollups.rows import BuildingRollup

CHUNK = 2_000  # buildings of one transaction
FIRST = UUID(int=0)
ALL = 2**128


def roll_buildings(unit_of_work: OpenUnitOfWork, day: date, tell: Callable[[float, str], None]) -> list[BuildingRollup]:
    """Count all buildings as they are now, as that day's. Again is the same, of then."""
    found: dict[str, BuildingRollup] = {}
    after, count = FIRST, 0
    while True:
        with unit_of_work() as uow:
            rows, last = uow.rollups.measure_buildings(after, CHUNK)
        if last is None:
            break
        for row in rows:
            found.setdefault(row.tenant, BuildingRollup(row.tenant)).add(row)
        after, count = last, count + sum(row.buildings for row in rows)
        tell(last.int / ALL, f"{count} buildings")
    with unit_of_work() as uow:
        uow.rollups.keep_buildings(day, list(found.values()))
        uow.commit()
    return list(found.values())
