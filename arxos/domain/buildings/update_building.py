"""The use case: change a building's name, address or status."""

from collections.abc import Mapping
from uuid import UUID

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.status import status_named
from arxos.domain.ports import OpenUnitOfWork


def update_building(
    unit_of_work: OpenUnitOfWork,
    building_id: UUID,
    *,
    name: str | None = None,
    address: str | Mapping[str, object] | None = None,
    status: str | None = None,
) -> Building:
    """Change what is given, all of it or nothing.

    Raises NotFoundError, InvalidBuildingError, InvalidAddressError, InvalidTransitionError, ConflictError.
    """
    with unit_of_work() as uow:
        building = uow.buildings.get(building_id)
        _change(building, name, address, status)
        if events := building.take_events():
            uow.buildings.save(building)
            for event in events:
                uow.emit(event)
            uow.commit()
    return building


def _change(
    building: Building, name: str | None, address: str | Mapping[str, object] | None, status: str | None
) -> None:
    if name is not None:
        building.rename(name)
    if address is not None:
        building.move_to(Address.parse(address))
    if status is not None:
        building.change_status(status_named(status))
