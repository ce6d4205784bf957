"""Collecting what nobody names."""

from uuid import UUID, uuid4

import pytest

from arxos.domain.buildings import collect_blobs as use_case
from arxos.domain.buildings.collect_blobs import Collected, collect_blobs
from arxos.domain.buildings.create_building import create_building
from arxos.domain.buildings.repository import NewModel
from arxos.domain.ports import Ports
from tests.fakes import FakeBlobs, fake_ports

DAY_S = 86_400.0


@pytest.fixture
def ports() -> Ports:
    return fake_ports()


def stored(ports: Ports, content: bytes, age_s: float) -> str:
    blob = ports.blobs.put([content], limit_bytes=100)
    assert isinstance(ports.blobs, FakeBlobs)
    ports.blobs.grow_old(blob.sha256, age_s)
    return blob.sha256


def named(ports: Ports, sha256: str) -> None:
    building = create_building(ports.unit_of_work, uuid4(), name="House", address="Am Ufer 5, Berlin")
    assert isinstance(building.id, UUID)
    with ports.unit_of_work() as uow:
        uow.buildings.add_model(NewModel(building.id, sha256, 1, "a.ifc", "ifc"))
        uow.commit()


def collected(ports: Ports, grace_s: float = DAY_S) -> Collected:
    return collect_blobs(ports, grace_s, lambda _, __: None)


def test_only_what_is_old_and_named_by_no_model_goes(ports: Ports) -> None:
    orphan, young, used = (stored(ports, name, age) for name, age in ((b"a", 2e5), (b"b", 0), (b"c", 2e5)))
    named(ports, used)
    assert collected(ports) == Collected(examined=3, removed=1, freed_bytes=1)
    assert [ports.blobs.exists(one) for one in (orphan, young, used)] == [False, True, True]


def test_less_than_an_hours_grace_is_an_hour(ports: Ports) -> None:
    kept, gone = stored(ports, b"a", 3000), stored(ports, b"b", 4000)
    assert collected(ports, grace_s=0).removed == 1
    assert (ports.blobs.exists(kept), ports.blobs.exists(gone)) == (True, False)


def test_any_number_is_looked_at_in_batches_and_told_of(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_case, "BATCH", 3)
    for i in range(8):
        stored(ports, b"%d" % i, 2e5)
    told: list[tuple[float, str]] = []
    report = collect_blobs(ports, DAY_S, lambda done, note: told.append((done, note)))
    assert report == Collected(8, 8, 8)
    assert [note for _, note in told] == [f"{n} blobs examined, {n} removed" for n in (3, 6, 8)]
    assert sorted(done for done, _ in told) == [done for done, _ in told]
