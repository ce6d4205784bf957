"""A running system for the modules that need one."""

import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import redis as redis_client

from tests.command_line import Cli
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
