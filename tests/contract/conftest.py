"""What the contracts are shown in: in memory, and on PostgreSQL."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from arxos.domain.buildings.repository import BuildingRepository
from arxos.storage.buildings import PostgresBuildings
from tests.fakes_buildings import InMemoryBuildings
from tests.servers import Servers
from tests.worlds import FakeWorld, PostgresWorld, World


@pytest.fixture(scope="module")
def postgres_world(servers: Servers, database_url: str) -> Iterator[PostgresWorld]:
    """One database for a module's tests: a fresh one for each would take most of their time."""
    name = f"arxos_ledger_{os.getpid()}"
    world = PostgresWorld(servers.create_database(name, database_url.rpartition("/")[2]))
    yield world
    world.close()
    servers.drop_database(name)


@pytest.fixture
def postgres(postgres_world: PostgresWorld) -> PostgresWorld:
    """An empty ledger on PostgreSQL."""
    postgres_world.empty()
    return postgres_world


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> World:
    """An empty ledger, in memory and on PostgreSQL."""
    if request.param == "memory":
        return FakeWorld()
    empty: World = request.getfixturevalue("postgres")
    return empty


@pytest.fixture(params=["memory", "postgres"])
def buildings(request: pytest.FixtureRequest) -> Iterator[BuildingRepository]:
    """No buildings yet, in memory and on PostgreSQL."""
    if request.param == "memory":
        yield InMemoryBuildings()
        return
    with psycopg.connect(request.getfixturevalue("database")) as connection:
        yield PostgresBuildings(connection)
        connection.rollback()
