"""The job kind `building.validate`: its result, and what it writes."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.buildings.repository import NewModel
from arxos.domain.events import Event, ModelValidated
from arxos.domain.ports import Ports
from arxos.formats.registry import installed_readers
from arxos.storage.blobs import FileBlobStore
from arxos.tasks.building_validate import Validated, ValidateModel, validate_model
from arxos.tasks.kind import Done
from tests.building_builders import a_building
from tests.fakes import FakeCourier, FakeMessages
from tests.fakes_buildings import InMemoryBuildings
from tests.fakes_health import FakeSurroundings
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
    """A running attempt."""

    ports: Ports
    job_id: UUID = field(default_factory=uuid4)
    number: int = 1
    submitted_by: str | None = None
    notes: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def check(self) -> None:
        pass

    def progress(self, done: float, note: str = "") -> None:
        self.notes.append(note or f"{done:.0%}")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def run(store: Store, tmp_path: Path) -> Callable[[bytes], tuple[Done, UUID, Run]]:
    blobs, unused = FileBlobStore(tmp_path), None
    opened: Any = lambda: nullcontext(store)  # noqa: E731
    attempt = Run(Ports(opened, blobs, unused, installed_readers(), FakeMessages(), FakeCourier(), FakeSurroundings()))  # type: ignore[arg-type]

    def on(content: bytes) -> tuple[Done, UUID, Run]:
        building = a_building()
        store.buildings.add(building)
        blob = blobs.put([content], limit_bytes=1_000_000)
        new = NewModel(building.id, blob.sha256, blob.size_bytes, "house.ifc", "ifc")
        model = store.buildings.add_model(new)
        return validate_model.run(ValidateModel(model_id=model.id), attempt), model.id, attempt

    return on


def test_the_report_is_written_by_the_effect_and_not_before(store: Store, run: Callable[..., Any]) -> None:
    done, model_id, attempt = run(step())

    assert store.buildings.report(model_id) is None
    done.effect(store)

    report = store.buildings.report(model_id)
    assert report is not None
    assert report.valid
    building_id = store.buildings.model(model_id).building_id
    assert store.emitted == [ModelValidated(building_id, model_id, valid=True)]
    assert "SCHEMA" in attempt.notes


def test_a_file_that_cannot_be_read_is_a_report_and_no_failed_job(store: Store, run: Callable[..., Any]) -> None:
    done, model_id, _ = run(b"#dummy")
    done.effect(store)
    assert isinstance(done.result, Validated)
    assert (done.result.valid, done.result.findings["error"], done.result.rules) == (False, 1, {"failed": 1})
    report = store.buildings.report(model_id)
    assert report is not None
    assert not report.valid


def test_the_kind_is_declared_for_the_validation_queue() -> None:
    assert (validate_model.name, validate_model.queue) == ("building.validate", "validation")
