"""What only PostgreSQL shows: transactions, hostile text, places on earth, what is deleted with what."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from arxos.domain.buildings.create_building import create_building
from arxos.domain.buildings.findings import Finding, Severity, ValidationReport
from arxos.domain.buildings.model import GeoReference
from arxos.domain.buildings.repository import ElementQuery, ModelRecord
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.buildings.update_building import update_building
from arxos.domain.errors import InvalidAddressError, InvalidTransitionError, NotFoundError
from arxos.domain.events import BuildingCreated, BuildingUpdated, Event
from arxos.domain.jobs.job import NewJob
from arxos.domain.ports import UnitOfWork
from arxos.storage.buildings import PostgresBuildings
from arxos.storage.database import Database
from arxos.storage.unit_of_work import PostgresUnitOfWork
from tests.building_builders import a_building, a_floor, a_model, a_space, an_element, an_index, plan


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        yield connection


def a_stored_model(connection: psycopg.Connection) -> ModelRecord:
    store, building = PostgresBuildings(connection), a_building()
    store.add(building)
    return store.add_model(a_model(building.id))


class Units:
    """Units of work on a database, and the events that were committed through them."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self.told: list[Event] = []

    def __call__(self) -> UnitOfWork:
        return PostgresUnitOfWork(self._database, self._hear)

    def _hear(self, event: Event) -> tuple[NewJob, ...]:
        self.told.append(event)
        return ()

    def close(self) -> None:
        self._database.close()


@pytest.fixture
def units(database: str) -> Iterator[Units]:
    units = Units(database)
    yield units
    units.close()


def test_a_created_building_is_stored_and_told_of(units: Units) -> None:
    building = create_building(units, uuid4(), name="Depot", address="5 Elm Road, Leeds", status="active")
    with units() as uow:
        assert uow.buildings.get(building.id).status is BuildingStatus.ACTIVE
    assert units.told == [BuildingCreated(building.id)]
    assert building.created_at is not None


def test_a_building_without_a_valid_address_is_not_stored(units: Units) -> None:
    building_id = uuid4()
    with pytest.raises(InvalidAddressError):
        create_building(units, building_id, name="Depot", address="nowhere")
    with units() as uow, pytest.raises(NotFoundError):
        uow.buildings.get(building_id)
    assert units.told == []


def test_an_update_changes_what_is_given(units: Units) -> None:
    building = create_building(units, uuid4(), name="Depot", address="5 Elm Road, Leeds")
    update_building(units, building.id, status="under_review", address={"street": "6 Elm Road", "city": "Leeds"})
    with units() as uow:
        found = uow.buildings.get(building.id)
    assert (found.name, found.status, found.address.city) == ("Depot", BuildingStatus.UNDER_REVIEW, "Leeds")
    assert units.told[1:] == [BuildingUpdated(building.id)]


def test_an_update_that_is_refused_in_part_changes_nothing(units: Units) -> None:
    building = create_building(units, uuid4(), name="Depot", address="5 Elm Road, Leeds", status="archived")
    with pytest.raises(InvalidTransitionError):
        update_building(units, building.id, name="New name", status="active")
    with units() as uow:
        assert uow.buildings.get(building.id).name == "Depot"


def test_an_update_of_nothing_is_neither_stored_nor_told(units: Units) -> None:
    building = create_building(units, uuid4(), name="Depot", address="5 Elm Road, Leeds")
    update_building(units, building.id, name="Depot")
    with units() as uow:
        assert uow.buildings.get(building.id).version == 1
    assert len(units.told) == 1


def test_readers_see_the_whole_former_index_until_the_new_one_is_committed(
    connection: psycopg.Connection, database: str
) -> None:
    writer, model = PostgresBuildings(connection), a_stored_model(connection)
    former = an_index((a_floor(),), (a_space((0, 0, 0), (1, 1, 1)),), (an_element((0, 0, 0), (1, 1, 1)),))
    writer.replace_index(model.id, former)
    connection.commit()
    later = writer.add_model(a_model(model.building_id, "b" * 64))
    connection.commit()

    writer.replace_index(later.id, an_index((a_floor(), a_floor("Upper", 3.0))))
    with psycopg.connect(database) as other:
        reader = PostgresBuildings(other)
        before = (reader.floors(model.building_id), reader.spaces(model.building_id), reader.index(model.building_id))
        connection.commit()
        after = (reader.floors(model.building_id), reader.spaces(model.building_id), reader.index(model.building_id))

    assert before[:2] == (former.floors, former.spaces)
    assert before[2] is not None
    assert before[2].model.id == model.id
    assert (len(after[0]), after[1]) == (2, ())
    assert after[2] is not None
    assert after[2].model.id == later.id


def test_an_index_that_is_rolled_back_leaves_the_former_one(connection: psycopg.Connection) -> None:
    store, model = PostgresBuildings(connection), a_stored_model(connection)
    store.replace_index(model.id, an_index((a_floor("Kept"),)))
    connection.commit()
    store.replace_index(model.id, an_index())
    connection.rollback()
    assert [floor.name for floor in store.floors(model.building_id)] == ["Kept"]


HOSTILE = "nul \0 surrogate \ud800 tab\tback\\slash\r\nquote'\"; DROP TABLE buildings; --\\N"


def test_text_that_postgres_cannot_hold_is_stored_all_the_same(connection: psycopg.Connection) -> None:
    store, model = PostgresBuildings(connection), a_stored_model(connection)
    wall = an_element((0, 0, 0), (1, 1, 1), name=HOSTILE, global_id="\0", note=HOSTILE)
    room = a_space((0, 0, 0), (1, 1, 1), name=HOSTILE, long_name=HOSTILE, global_id="\ud800")
    store.replace_index(model.id, an_index((a_floor(HOSTILE, global_id=HOSTILE),), (room,), (wall,)))
    store.save_report(model.id, ValidationReport(None, (), (Finding("R", Severity.ERROR, HOSTILE, HOSTILE, HOSTILE),)))
    connection.commit()

    kept = HOSTILE.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    (element,) = store.elements(model.building_id, ElementQuery())
    assert (element.name, element.note, element.global_id) == (kept, kept, "\ufffd")
    assert store.floors(model.building_id)[0].name == kept
    report = store.report(model.id)
    assert report is not None
    assert report.findings[0].message == kept


def test_an_index_with_a_georeference_lies_on_earth(connection: psycopg.Connection) -> None:
    store, model = PostgresBuildings(connection), a_stored_model(connection)
    place = GeoReference("IfcMapConversion", epsg=32632, eastings=500_000.0, northings=5_538_630.703)
    floor = a_floor(outline=plan(0, 0, 20, 10))
    store.replace_index(model.id, an_index((floor,), georeference=place, outline=plan(0, 0, 20, 10)))

    record = store.index(model.building_id)
    assert record is not None
    assert record.geo_outline is not None
    assert record.geo_outline.bounds[:2] == pytest.approx((9.0, 50.0), abs=1e-6)
    (stored,) = store.floors(model.building_id)
    assert stored.geo_outline == record.geo_outline
    metres = "SELECT ST_Area(geo_outline::geography) FROM models WHERE id = %s"
    assert scalar(connection, metres, model.id) == pytest.approx(200, rel=5e-3)


def test_an_index_without_a_georeference_lies_nowhere_on_earth(connection: psycopg.Connection) -> None:
    store, model = PostgresBuildings(connection), a_stored_model(connection)
    store.replace_index(model.id, an_index((a_floor(outline=plan(0, 0, 1, 1)),), outline=plan(0, 0, 1, 1)))
    assert store.floors(model.building_id)[0].geo_outline is None


def test_a_deleted_building_takes_everything_along(connection: psycopg.Connection) -> None:
    store, model = PostgresBuildings(connection), a_stored_model(connection)
    full = an_index((a_floor(),), (a_space((0, 0, 0), (1, 1, 1)),), (an_element((0, 0, 0), (1, 1, 1)),))
    store.replace_index(model.id, full)
    store.save_report(model.id, ValidationReport(None, (), (Finding("R", Severity.INFO, "x"),)))
    connection.commit()

    connection.execute("DELETE FROM buildings WHERE id = %s", (model.building_id,))
    connection.commit()

    for table in ("models", "floors", "spaces", "elements", "findings", "validation_reports"):
        assert scalar(connection, f"SELECT count(*) FROM {table} WHERE %s::uuid IS NOT NULL", model.id) == 0


def test_a_question_about_a_place_reads_the_spatial_index(connection: psycopg.Connection) -> None:
    """Ten thousand elements in one building: the plan must not read them all for one point."""
    store, model = PostgresBuildings(connection), a_stored_model(connection)
    grid = [an_element((x, y, 0), (x + 0.9, y + 0.9, 3)) for x in range(100) for y in range(100)]
    store.replace_index(model.id, an_index(elements=tuple(grid)))
    connection.commit()
    connection.execute("ANALYZE elements")

    used = "SELECT pg_stat_get_xact_numscans('elements_box'::regclass) WHERE %s::uuid IS NOT NULL"
    before = scalar(connection, used, model.id)

    found = store.elements(model.building_id, ElementQuery(box=(50, 50, 51.5, 50.5)))

    assert len(found) == 2
    assert scalar(connection, used, model.id) > before


def scalar(connection: psycopg.Connection, statement: str, value: UUID) -> Any:
    row = connection.execute(statement, (value,)).fetchone()
    assert row is not None
    return row[0]
