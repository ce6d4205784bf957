"""The use case: take a building away."""

from collections.abc import Container
from uuid import UUID

from arxos.domain.buildings.update_building import refuse_unseen
from arxos.domain.ports import OpenUnitOfWork


def remove_building(
    unit_of_work: OpenUnitOfWork, building_id: UUID, *, by: str, source: str, seen: Container[int] | None = None
) -> None:
    """Take it away with all that is stored of it but its models' bytes; recorded with who and from where.

    `seen`: as for `update_building`. Raises NotFoundError, StaleError.
    """
    with unit_of_work() as uow:
        refuse_unseen(uow.buildings.get(building_id, to_change=True), seen)
        uow.buildings.remove(building_id, by=by, source=source)
        uow.commit()
