"""A running HTTP interface for the modules that need one."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

from tests.http import Api, running_api
from tests.running import variables
from tests.servers import Servers

_number = count(1)


@pytest.fixture(scope="module")
def api(servers: Servers, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The interface on a database of this module's own; no relay and no worker."""
    name = f"arxos_api_{os.getpid()}_{next(_number)}"
    folder = tmp_path_factory.mktemp("api")
    url = servers.create_database(name, database_url.rpartition("/")[2])
    with running_api(variables(url, redis_url, folder), folder) as api:
        yield api
    servers.drop_database(name)
