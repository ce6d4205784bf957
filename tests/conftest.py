"""Fixtures that every test may use: real servers, fresh databases, the shared building data."""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
import redis as redis_client
from hypothesis import HealthCheck

from arxos.storage.migrations import migrate
from tests import servers as test_servers
from tests.faults.oracle import FAULTS_FOLDER, stored
from tests.servers import REDIS_DATABASES_PER_WORKER, Servers

ROOT = Path(__file__).resolve().parents[1]
FAULTS = ROOT / "tests" / "faults"
FAULT_S = 300  # faults take longer than other tests: what hangs is ended after so many seconds
_STARTED_THE_RUN = pytest.StashKey[bool]()
_fresh_number = count(1)
# How long an example takes says something about the machine's other work, and nothing about the property.
hypothesis.settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run is about, besides the paths that it names."""
    parser.addoption("--faults", action="store_true", help="all of tests/faults, the long ones too, and nothing else")
    parser.addoption("--without", metavar="MECHANISM", help="run the system's processes with a mechanism taken away")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --faults only faults; without it none of the long ones, unless a test is named."""
    named = any("::" in argument for argument in config.args)
    faults = config.getoption("--faults")

    def wanted(item: pytest.Item) -> bool:
        return FAULTS in item.path.parents if faults else named or item.get_closest_marker("faults_slow") is None

    left_out = [item for item in items if not wanted(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if wanted(item)]
    for item in items:
        if FAULTS in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(FAULT_S))


def pytest_configure(config: pytest.Config) -> None:
    """Name a folder for this run's servers; the workers of xdist inherit the name."""
    if test_servers.RUN_VARIABLE not in os.environ:
        run = ROOT / ".local" / "tests" / str(os.getpid())
        shutil.rmtree(run, ignore_errors=True)  # of a run that was killed when it had the same pid
        os.environ[test_servers.RUN_VARIABLE] = str(run)
        config.stash[_STARTED_THE_RUN] = True
        os.environ.setdefault(FAULTS_FOLDER, str(ROOT / ".local" / "faults" / str(os.getpid())))
    _know(config.getoption("--without"))


def _know(mechanism: str | None) -> None:
    """Raises UsageError for one that cannot be taken away."""
    if mechanism is not None:
        from tests.faults.sabotage import MECHANISMS  # noqa: PLC0415 - imports the product, which no other run needs yet

        if mechanism not in MECHANISMS:
            raise pytest.UsageError(f"--without: no mechanism {mechanism!r}; there are {', '.join(MECHANISMS)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the faults came to, one line a scenario."""
    figures = stored(Path(os.environ[FAULTS_FOLDER]))
    if figures:
        terminalreporter.section("faults")
    for one in figures:
        terminalreporter.line(str(one))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers where any test asked for them. Should this not be reached, their guard does it."""
    if config.stash.get(_STARTED_THE_RUN, False):  # not a worker of xdist's, nor a pytest that a test runs
        test_servers.stop_started(_run_folder())
        del os.environ[test_servers.RUN_VARIABLE]


def _run_folder() -> Path:
    return Path(os.environ[test_servers.RUN_VARIABLE])


@pytest.fixture(scope="session")
def servers() -> Servers:
    """PostgreSQL and Redis, started at the first test that needs them."""
    return test_servers.find_or_start(_run_folder())


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> Iterator[str]:
    """A migrated database to make copies of. Tests do not write to it: use `database`."""
    name = f"arxos_template_{os.getpid()}"
    url = servers.create_database(name)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    migrate(url)
    yield url
    servers.drop_database(name)


@pytest.fixture
def database(servers: Servers, database_url: str) -> Iterator[str]:
    """The address of a fresh, migrated database of the test's own."""
    template = database_url.rpartition("/")[2]
    name = f"arxos_test_{os.getpid()}_{next(_fresh_number)}"
    yield servers.create_database(name, template)
    servers.drop_database(name)


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """The address of this test process's Redis database. What is in it is anybody's guess: use `redis`."""
    return servers.redis_database(REDIS_DATABASES_PER_WORKER * test_servers.worker_number())


@pytest.fixture
def redis(redis_url: str) -> str:
    """The address of an empty Redis database: the test's broker."""
    return _emptied(redis_url)


@pytest.fixture
def redis_cache(servers: Servers) -> str:
    """The address of a second empty Redis database: the test's cache."""
    return _emptied(servers.redis_database(REDIS_DATABASES_PER_WORKER * test_servers.worker_number() + 1))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real building data beside the checkout; without it tests skip, but in CI they fail."""
    folder = ROOT.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"no building data in {folder}")
    pytest.skip(f"no building data in {folder}")


def _emptied(url: str) -> str:
    with redis_client.Redis.from_url(url) as client:
        client.flushdb()
    return url
