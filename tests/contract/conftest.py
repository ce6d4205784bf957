"""The worlds that the contract of the ledger is shown in."""

import os
from collections.abc import Iterator

import pytest

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
