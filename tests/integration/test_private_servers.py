"""The servers that the tests themselves stand on."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from deploy.local.commands import wait_until
from deploy.local.private_servers import PrivateServers, private_servers
from tests.servers import Servers


def test_a_fresh_database_has_postgis(database: str) -> None:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT ST_Area(ST_MakeEnvelope(0, 0, 2, 3))").fetchone()
    assert row == (6.0,)


def test_a_database_sorts_and_folds_case_beyond_ascii(database: str) -> None:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT upper('straße 7, žluť'), 'ÉCOLE' ILIKE 'école'").fetchone()
    assert row == ("STRAßE 7, ŽLUŤ", True)


def test_what_one_test_writes_the_next_does_not_see(servers: Servers, database_url: str) -> None:
    template = database_url.rpartition("/")[2]
    first = servers.create_database("first_copy", template)
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE left_behind ()")
    second = servers.create_database("second_copy", template)
    with psycopg.connect(second) as connection:
        row = connection.execute("SELECT to_regclass('left_behind')").fetchone()
    servers.drop_database("first_copy")
    servers.drop_database("second_copy")
    assert row == (None,)


def test_the_broker_and_the_cache_of_a_test_are_empty_and_apart(redis: str, redis_cache: str) -> None:
    with redis_client.Redis.from_url(redis) as broker, redis_client.Redis.from_url(redis_cache) as cache:
        broker.set("key", "value")
        assert (broker.dbsize(), cache.dbsize()) == (1, 0)


def test_strangers_without_the_password_get_nothing(servers: Servers) -> None:
    address = servers.postgres_url.rpartition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://arxos:guess@{address}")


def test_servers_end_with_their_context_and_leave_no_folder(tmp_path: Path) -> None:
    home = tmp_path / "servers"
    with private_servers(home) as servers:
        assert servers.postgres.answers()
        assert servers.redis.answers()
    assert not home.exists()
    assert not servers.redis.answers()


def test_servers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    home = tmp_path / "servers"
    script = (
        "import os, signal; from pathlib import Path; from deploy.local.private_servers import PrivateServers\n"
        f"PrivateServers.at(Path({str(home)!r})).start(os.getpid()); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    wait_until(lambda: not home.exists(), what="the end of the orphaned servers")


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    postgres = PrivateServers.at(tmp_path).postgres
    postgres.data.mkdir()
    (postgres.data / "base").write_text("a fragment of a cluster whose initdb was killed")
    postgres.prepare()
    assert (postgres.data / "PG_VERSION").exists()
