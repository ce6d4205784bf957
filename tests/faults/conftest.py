"""Fixtures of the faults: servers to be killed, the system on them, the oracle."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from tests.faults.ground import Ground, ground_at
from tests.faults.oracle import FAULTS_FOLDER, Scenario, store
from tests.faults.proxy import Proxy, proxy_to
from tests.faults.system import ROLES, System

Record = Callable[..., AbstractContextManager[Scenario]]
MakeSystem = Callable[..., System]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """PostgreSQL and Redis of this module's own."""
    with ground_at(tmp_path_factory.mktemp("ground")) as ground:
        yield ground


@pytest.fixture
def make_system(ground: Ground, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeSystem]:
    """Makes systems on a fresh database and an empty Redis; ends them with the test.

    ``make_system(roles=("relay", "worker-cpu"), ARXOS_DRAIN_S="4", …)`` starts these roles and waits until they work;
    no roles: nothing is started. Variables go to all processes.
    """
    ground.repair()
    with ExitStack() as running:

        def make(*, roles: tuple[str, ...] = tuple(ROLES), **variables: str) -> System:
            with redis_client.Redis.from_url(ground.servers.redis_url) as client:
                client.flushall()
            environment = {
                "ARXOS_DATABASE_URL": ground.fresh_database(),
                "ARXOS_BROKER_URL": ground.servers.redis_database(0),
                "ARXOS_CACHE_URL": ground.servers.redis_database(1),
                "ARXOS_BLOB_URL": (tmp_path / "blobs").as_uri(),
                "ARXOS_PROBES": "1",
            } | variables
            sabotage = request.config.getoption("--without")
            system = System(environment, folder=tmp_path, sabotage=sabotage)
            if "ARXOS_DATABASE_URL" not in variables:  # processes have few rights; the test looks in as a superuser
                system.of_processes["ARXOS_DATABASE_URL"] = ground.as_process(environment["ARXOS_DATABASE_URL"])
            running.callback(system.stop)
            for role in roles:
                system.start(role)
            system.ready()
            return system

        yield make


@pytest.fixture
def system(make_system: MakeSystem) -> System:
    """Relay, a cpu worker and an io worker at work, with default settings."""
    return make_system()


@pytest.fixture
def broker(ground: Ground) -> Iterator[Any]:
    """A client of the broker, as whoever can write to it has one."""
    with redis_client.Redis.from_url(ground.servers.redis_url, socket_timeout=20) as client:
        yield client


@pytest.fixture
def redis_proxy(ground: Ground) -> Iterator[Proxy]:
    """A proxy before Redis: hand its address to `make_system`: ``ARXOS_BROKER_URL=redis_proxy.url(…)``."""
    with proxy_to(ground.servers.redis_url) as proxy:
        yield proxy


@pytest.fixture
def postgres_proxy(ground: Ground) -> Iterator[Proxy]:
    """A proxy before PostgreSQL, for single processes: ``system.start("worker-cpu", ARXOS_DATABASE_URL=…)``."""
    with proxy_to(ground.servers.postgres_url) as proxy:
        yield proxy


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """Runs one scenario and judges it.

    ``with record(system, 12, "Redis restarted empty", within_s=60, recovers_in=30) as scenario:``. At the end of the
    context all jobs that `scenario` accepted become final within `within_s` seconds; figures are printed and kept; then
    lost and duplicated must be 0 and the time since `scenario.fault_over()` below `recovers_in`.
    """

    @contextmanager
    def run(
        system: System, number: int, title: str, *, variant: str = "", within_s: float = 90.0, recovers_in: float = 60.0
    ) -> Iterator[Scenario]:
        scenario = Scenario(system, number, title, variant)
        yield scenario
        figures = replace(scenario.conclude(within_s), test=request.node.name.partition("[")[0])
        print(figures)  # noqa: T201 - the figure is what the run is for
        store(figures, Path(os.environ[FAULTS_FOLDER]))
        assert figures.accepted > 0
        assert (figures.lost, figures.duplicated) == (0, 0), figures
        assert figures.seconds < recovers_in, figures

    return run
