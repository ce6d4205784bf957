"""A running system for the modules that need one."""

import os
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from tests.command_line import Cli
from tests.doctored import POSTGRES_OPTIONS, REDIS_OPTIONS, Doctored, doctored
from tests.faults.ground import FAST, Ground, ground_at
from tests.running import Stack, running_stack, variables
from tests.servers import Servers

_number = count(1)


@pytest.fixture(scope="module")
def stack(
    servers: Servers, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Relay and worker on a database of their own, with leases short enough for tests."""
    name = f"arxos_stack_{os.getpid()}_{next(_number)}"
    folder = tmp_path_factory.mktemp("stack")
    with redis_client.Redis.from_url(redis_url) as client:
        client.flushdb()
    url = servers.create_database(name, database_url.rpartition("/")[2])
    yield from running_stack(variables(url, redis_url, folder), folder)
    servers.drop_database(name)


@pytest.fixture
def queue(stack: Stack) -> Stack:
    """The stack with everything running, whatever the test before killed."""
    stack.repair()
    return stack


@pytest.fixture(scope="module")
def module_cli(servers: Servers, database_url: str, redis_url: str, tmp_path_factory: Any) -> Iterator[Cli]:
    name = f"arxos_cli_{os.getpid()}"
    url = servers.create_database(name, database_url.rpartition("/")[2])
    cli = Cli(variables(url, redis_url, tmp_path_factory.mktemp("cli")))
    yield cli
    cli.world.close()
    servers.drop_database(name)


@pytest.fixture
def cli(module_cli: Cli) -> Cli:
    module_cli.world.empty()
    return module_cli


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Servers of this module's own, as production has them."""
    with ground_at(tmp_path_factory.mktemp("ground")) as ground:
        ground.redis.restart(signal.SIGTERM, *REDIS_OPTIONS)
        ground.postgres.restart(FAST, *POSTGRES_OPTIONS)
        yield ground


@pytest.fixture
def ill(ground: Ground, tmp_path: Path) -> Iterator[Doctored]:
    """A system that is well, to be harmed."""
    with doctored(ground, tmp_path) as ill:
        yield ill
