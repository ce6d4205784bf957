"""Receiving an upload: its name, its bytes, its record, its event."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import pytest

from arxos.domain.buildings.building import Building
from arxos.domain.buildings.receive_model import checked_name, receive_model
from arxos.domain.errors import InvalidError, NotFoundError
from arxos.domain.events import Event, ModelReceived, Sender
from arxos.domain.ports import Ports
from arxos.formats.registry import installed_readers
from arxos.storage.blobs import FileBlobStore
from tests.building_builders import a_building
from tests.fakes import FakeCourier, FakeMessages
from tests.fakes_buildings import InMemoryBuildings
from tests.fakes_health import FakeSurroundings


class OneStore:
    """A unit of work on buildings in memory that notes what was emitted and committed."""

    def __init__(self) -> None:
        self.buildings = InMemoryBuildings()
        self.emitted: list[Event] = []
        self.commits = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def emit(self, event: Event) -> None:
        self.emitted.append(event)

    def commit(self) -> None:
        self.commits += 1


@pytest.fixture
def store() -> OneStore:
    return OneStore()


@pytest.fixture
def building(store: OneStore) -> Building:
    made = a_building()
    store.buildings.add(made)
    return made


@pytest.fixture
def receive(store: OneStore, tmp_path: Path) -> Callable[..., Any]:
    open_store: Any = lambda: store  # noqa: E731
    unused: Any = None
    ports = Ports(
        open_store,
        FileBlobStore(tmp_path),
        unused,
        installed_readers(),
        FakeMessages(),
        FakeCourier(),
        FakeSurroundings(),
    )

    def received(building_id: UUID, content: bytes, filename: str = "house.ifc", limit: int = 1000) -> Any:
        return receive_model(ports, building_id, [content], filename=filename, limit_bytes=limit, sender=Sender("ann"))

    return received


def test_an_upload_is_stored_recorded_and_announced(
    store: OneStore, building: Building, receive: Callable[..., Any], tmp_path: Path
) -> None:
    received = receive(building.id, b"ISO-10303-21;", "C:\\models\\House.IFC")

    record = store.buildings.model(received.model_id)
    assert (record.filename, record.format, record.submitted_by) == ("House.IFC", "ifc", "ann")
    assert (received.is_new, received.revision, received.size_bytes) == (True, 1, 13)
    assert FileBlobStore(tmp_path).exists(received.sha256)
    assert store.emitted == [ModelReceived(building.id, received.model_id, Sender("ann"))]


def test_the_same_bytes_again_are_the_same_model_and_make_no_jobs(
    store: OneStore, building: Building, receive: Callable[..., Any]
) -> None:
    first, again = receive(building.id, b"x"), receive(building.id, b"x")
    assert again.model_id == first.model_id
    assert not again.is_new
    assert len(store.emitted) == 1


@pytest.mark.parametrize(("content", "problem"), [(b"", "file is empty"), (b"x" * 1001, "larger than 1000 bytes")])
def test_empty_and_oversized_uploads_are_refused(
    store: OneStore, building: Building, receive: Callable[..., Any], content: bytes, problem: str
) -> None:
    with pytest.raises(InvalidError, match=problem):
        receive(building.id, content)
    assert store.emitted == []


def test_an_unknown_building_is_refused_before_anything_is_stored(receive: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        receive(uuid4(), b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "   ", "/", "a\x00.ifc", "x" * 300 + ".ifc", "house.dwg", "house", ".."])
def test_a_bad_file_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidError, match="file name: "):
        checked_name(installed_readers(), name)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/house.ifc", "house.ifc"), ("C:\\x\\House.IFCZIP", "House.IFCZIP"), ("a.ifc.gz", "a.ifc.gz")],
)
def test_a_file_name_is_kept_without_its_folders(given: str, kept: str) -> None:
    assert checked_name(installed_readers(), given) == (kept, "ifc")
