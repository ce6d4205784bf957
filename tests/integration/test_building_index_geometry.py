"""The job kind `building.index_geometry`: its result, what it writes, and what it refuses."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.buildings.repository import NewModel
from arxos.domain.errors import CancelledError, ModelRefusedError, NotFoundError
from arxos.domain.events import Event, ModelIndexed
from arxos.domain.ports import Ports
from arxos.formats.registry import installed_readers
from arxos.storage.blobs import FileBlobStore
from arxos.tasks.building_index_geometry import Indexed, IndexGeometry, index_geometry
from arxos.tasks.kind import Done
from tests.building_builders import a_building, a_model, an_index
from tests.fakes import FakeCourier, FakeMessages
from tests.fakes_buildings import InMemoryBuildings
from tests.fakes_health import FakeSurroundings
from tests.ifc_houses import House
from tests.step_files import step


@dataclass
class Store:
    """The parts of a unit of work that the job touches."""

    buildings: InMemoryBuildings = field(default_factory=InMemoryBuildings)
    emitted: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.emitted.append(event)


@dataclass
class Run:
    """A running attempt, which somebody may cancel at some share of the work."""

    ports: Ports
    job_id: UUID = field(default_factory=uuid4)
    number: int = 1
    submitted_by: str | None = None
    seen: list[tuple[float, str]] = field(default_factory=list)
    cancelled_at: float = 2.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def check(self) -> None:
        pass

    def progress(self, done: float, note: str = "") -> None:
        self.seen.append((done, note))
        if done >= self.cancelled_at:
            raise CancelledError("somebody cancelled the job")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def attempt(store: Store, tmp_path: Path) -> Run:
    opened: Any = lambda: nullcontext(store)  # noqa: E731
    return Run(
        Ports(
            opened,
            FileBlobStore(tmp_path),
            None,  # type: ignore[arg-type]
            installed_readers(),
            FakeMessages(),
            FakeCourier(),
            FakeSurroundings(),
        )
    )


@pytest.fixture
def run(store: Store, attempt: Run) -> Callable[[bytes], tuple[Done, UUID]]:
    def on(content: bytes) -> tuple[Done, UUID]:
        building = a_building()
        store.buildings.add(building)
        blob = attempt.ports.blobs.put([content], limit_bytes=1_000_000)
        model = store.buildings.add_model(NewModel(building.id, blob.sha256, blob.size_bytes, "house.ifc", "ifc"))
        return index_geometry.run(IndexGeometry(model_id=model.id), attempt), model.id

    return on


@pytest.fixture
def house() -> bytes:
    house = House()
    house.block("IfcSlab", "slab", (0, 0, -0.2), (5, 4, 0.2))
    house.block("IfcWall", "wall", (0, 0, 0), (5, 0.2, 3))
    house.block("IfcSpace", "room", (0, 0.2, 0), (5, 3.8, 3))
    house.made("IfcDoor", "no shape")
    return house.content()


def test_the_index_is_written_by_the_effect_and_not_before(
    store: Store, run: Callable[[bytes], tuple[Done, UUID]], house: bytes
) -> None:
    done, model_id = run(house)
    building_id = store.buildings.model(model_id).building_id

    assert store.buildings.index(building_id) is None
    assert done.effect is not None
    done.effect(store)  # type: ignore[arg-type]

    assert store.buildings.counts(building_id).elements_with_geometry == 2
    assert [floor.name for floor in store.buildings.floors(building_id)] == ["Ground"]
    (room,) = store.buildings.spaces_at(building_id, 2.5, 2.0, 1.5)
    assert room.area_m2 == pytest.approx(19.0)
    assert store.emitted == [ModelIndexed(building_id, model_id)]


def test_the_result_is_the_index_in_numbers(run: Callable[[bytes], tuple[Done, UUID]], house: bytes) -> None:
    done, _ = run(house)
    assert done.result == Indexed(
        floors=1, spaces=1, elements=3, elements_with_geometry=2, states={"done": 3, "empty": 1}
    )


def test_progress_is_told_from_reading_to_storing(
    run: Callable[[bytes], tuple[Done, UUID]], attempt: Run, house: bytes
) -> None:
    run(house)
    shares = [done for done, _ in attempt.seen]
    assert shares == sorted(shares)
    assert attempt.seen[0] == (0.0, "reading the file")
    assert attempt.seen[-1] == (0.95, "storing")
    assert any(note.endswith("of 4 shapes") for _, note in attempt.seen)


def test_an_index_that_comes_too_late_is_not_told(
    store: Store, run: Callable[[bytes], tuple[Done, UUID]], house: bytes
) -> None:
    done, model_id = run(house)
    building_id = store.buildings.model(model_id).building_id
    store.buildings.replace_index(store.buildings.add_model(a_model(building_id, "f" * 64)).id, an_index())

    assert done.effect is not None
    done.effect(store)  # type: ignore[arg-type]

    assert store.buildings.counts(building_id).elements == 0
    assert store.emitted == []


@pytest.mark.parametrize("content", [b"no model at all", step()[:-40], step(schema="IFC9")])
def test_a_file_that_cannot_be_read_is_refused(run: Callable[[bytes], tuple[Done, UUID]], content: bytes) -> None:
    with pytest.raises(ModelRefusedError):
        run(content)


def test_an_unknown_model_is_named(attempt: Run) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no model '{unknown}'"):
        index_geometry.run(IndexGeometry(model_id=unknown), attempt)


def test_a_cancelled_job_stops_in_the_middle(
    run: Callable[[bytes], tuple[Done, UUID]], attempt: Run, house: bytes
) -> None:
    attempt.cancelled_at = 0.3
    with pytest.raises(CancelledError):
        run(house)
    assert attempt.seen[-1][0] < 0.95
