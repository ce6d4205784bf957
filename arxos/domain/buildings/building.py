"""The building: name, address, status and floors, and the rules that hold whatever is done to it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from arxos.domain.buildings.address import Address
from arxos.domain.buildings.spatial_index import Floor
from arxos.domain.buildings.status import BuildingStatus, check_transition
from arxos.domain.buildings.text import one_line
from arxos.domain.errors import DuplicateFloorError, InvalidBuildingError
from arxos.domain.events import BuildingCreated, BuildingUpdated, Event

NAME_LIMIT = 200


def building_name(text: str) -> str:
    """A name that can stand on a sign. Raises InvalidBuildingError: blank, over 200 characters, unprintable."""
    return one_line(text, field="name", limit=NAME_LIMIT, error=InvalidBuildingError)


@dataclass(slots=True, eq=False)
class Building:
    """One building. `version` counts the times it was saved; the store sets it and the timestamps.

    Changes go through the methods: each keeps the rules and remembers what happened, for `take_events`.
    """

    id: UUID
    name: str
    address: Address
    status: BuildingStatus = BuildingStatus.DRAFT
    floors: tuple[Floor, ...] = ()
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    _events: list[Event] = field(default_factory=list, repr=False)

    @classmethod
    def create(
        cls, building_id: UUID, name: str, address: Address, status: BuildingStatus = BuildingStatus.DRAFT
    ) -> "Building":
        """A new building. Raises InvalidBuildingError for its name."""
        building = cls(building_id, building_name(name), address, status)
        building._events.append(BuildingCreated(building_id))
        return building

    def rename(self, name: str) -> None:
        """Give it another name. Raises InvalidBuildingError."""
        name = building_name(name)
        if name != self.name:
            self.name = name
            self._changed()

    def move_to(self, address: Address) -> None:
        """Correct its address."""
        if address != self.address:
            self.address = address
            self._changed()

    def change_status(self, status: BuildingStatus) -> None:
        """Take it to another stage; the one it is in is no change. Raises InvalidTransitionError."""
        if status is self.status:
            return
        check_transition(self.status, status)
        self.status = status
        self._changed()

    def add_floor(self, floor: Floor) -> None:
        """Add a floor. Raises DuplicateFloorError for a global id, or a name at an elevation, that it has already."""
        for known in self.floors:
            if known.global_id == floor.global_id:
                raise DuplicateFloorError(f"floor {floor.global_id!r} is in the building already")
            if floor.name is not None and (known.name, known.elevation_m) == (floor.name, floor.elevation_m):
                raise DuplicateFloorError(f"a floor {floor.name!r} at {floor.elevation_m} m is in the building already")
        self.floors = (*self.floors, floor)
        self._changed()

    def take_events(self) -> tuple[Event, ...]:
        """What has happened since the last call; an update is told once, however many changes it holds."""
        events = tuple(dict.fromkeys(self._events))
        self._events.clear()
        return events

    def _changed(self) -> None:
        self._events.append(BuildingUpdated(self.id))
