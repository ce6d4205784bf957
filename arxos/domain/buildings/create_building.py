"""The use case: add a building."""

from collections.abc import Mapping
from uuid import UUID

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.status import BuildingStatus, status_named
from arxos.domain.ports import OpenUnitOfWork


def create_building(
    unit_of_work: OpenUnitOfWork,
    building_id: UUID,
    *,
    name: str,
    address: str | Mapping[str, object],
    status: str = BuildingStatus.DRAFT,
) -> Building:
    """Add a building; its id is the caller's choice. `address`: see `Address.parse`.

    Raises InvalidBuildingError or InvalidAddressError naming the field.
    """
    building = Building.create(building_id, name, Address.parse(address), status_named(status))
    with unit_of_work() as uow:
        uow.buildings.add(building)
        for event in building.take_events():
            uow.emit(event)
        uow.commit()
    return building
