"""The use case: change a building's name, address or status."""

from collections.abc import Container, Mapping
from uuid import UUID

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.status import status_named
from arxos.domain.errors import StaleError
from arxos.domain.ports import OpenUnitOfWork


def update_building(
    unit_of_work: OpenUnitOfWork,
    building_id: UUID,
    *,
    name: str | None = None,
    address: str | Mapping[str, object] | None = None,
    status: str | None = None,
    seen: Container[int] | None = None,
) -> Building:
    """Change what is given, all of it or nothing. `seen`: the versions that the caller knows; None: any will do.

    Raises NotFoundError, InvalidBuildingError, InvalidAddressError, InvalidTransitionError, StaleError, ConflictError.
    """
    with unit_of_work() as uow:
        building = uow.buildings.get(building_id, to_change=True)
        refuse_unseen(building, seen)
        _change(building, name, address, status)
        if events := building.take_events():
            uow.buildings.save(building)
            for event in events:
                uow.emit(event)
            uow.commit()
    return building


def refuse_unseen(building: Building, seen: Container[int] | None) -> None:
    """Raises StaleError where the building is at a version that the caller has not seen."""
    if seen is not None and building.version not in seen:
        raise StaleError(f"building '{building.id}' is at version {building.version}: it was changed meanwhile")


def _change(
    building: Building, name: str | None, address: str | Mapping[str, object] | None, status: str | None
) -> None:
    if name is not None:
        building.rename(name)
    if address is not None:
        building.move_to(Address.parse(address))
    if status is not None:
        building.change_status(status_named(status))
