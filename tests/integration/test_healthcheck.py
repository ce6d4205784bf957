"""The containers' health checks, against a real database."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from deploy.local.ports import free_port

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "healthcheck.py"
BEAT = """
INSERT INTO workers (id, host, pid, pool, queues, version, heartbeat_at)
VALUES (%s, %s, 7, 'cpu', '{health}', '1', now() - make_interval(secs => %s))
"""
TICK = """
INSERT INTO services (id, role, host, pid, version, heartbeat_at)
VALUES (%s, 'beat', %s, %s, '1', now() - make_interval(secs => %s))
"""


def _check(*arguments: str, database: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ARXOS_DATABASE_URL": database, "ARXOS_FLOWER_PORT": str(free_port())}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _beat(database: str, *, host: str, seconds_ago: int) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(BEAT, [f"cpu@{host}", host, seconds_ago])


def test_a_worker_that_renews_its_lease_is_healthy(database: str) -> None:
    _beat(database, host=platform.node(), seconds_ago=1)
    assert _check("worker", database=database).returncode == 0
    assert _check("worker", "--pid", "7", database=database).returncode == 0


def test_another_worker_of_this_host_does_not_vouch_for_the_one_asked_for(database: str) -> None:
    _beat(database, host=platform.node(), seconds_ago=1)
    assert _check("worker", "--pid", "8", database=database).returncode == 1


@pytest.mark.parametrize(("host", "seconds_ago"), [("elsewhere", 1), (platform.node(), 60)])
def test_a_worker_elsewhere_or_long_silent_is_no_sign_of_life(database: str, host: str, seconds_ago: int) -> None:
    _beat(database, host=host, seconds_ago=seconds_ago)
    done = _check("worker", database=database)
    assert (done.returncode, done.stderr) == (1, "worker: no sign of life\n")


def test_a_relay_that_holds_its_session_is_healthy(database: str) -> None:
    assert _check("relay", database=database).stderr == "relay: no sign of life\n"
    with psycopg.connect(database, application_name="arxos-relay"):
        assert _check("relay", database=database).returncode == 0


def test_a_beat_that_ticked_lately_is_healthy(database: str) -> None:
    for pid, seconds_ago in ((7, 1), (8, 60)):
        with psycopg.connect(database) as connection:
            connection.execute(TICK, [f"beat@{pid}", platform.node(), pid, seconds_ago])
    assert _check("beat", database=database).returncode == 0
    assert _check("beat", "--pid", "7", database=database).returncode == 0
    assert _check("beat", "--pid", "8", database=database).stderr == "beat: no sign of life\n"


def test_a_flower_that_does_not_answer_is_ill(database: str) -> None:
    done = _check("flower", database=database)
    assert done.returncode == 1
    assert "refused" in done.stderr


def test_waiting_for_a_process_sees_it_come_to_life(database: str) -> None:
    environment = {**os.environ, "ARXOS_DATABASE_URL": database}
    command = [sys.executable, str(SCRIPT), "worker", "--wait", "20"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as check:
        _beat(database, host=platform.node(), seconds_ago=0)
        assert check.wait() == 0


def test_the_database_may_be_named_in_a_file(database: str, tmp_path: Path) -> None:
    """Which goes first, as for the processes themselves."""
    _beat(database, host=platform.node(), seconds_ago=1)
    secret = tmp_path / "database_url"
    secret.write_text(f"{database}\n")
    environment = {"PATH": os.environ["PATH"], "ARXOS_DATABASE_URL_FILE": str(secret)}
    command = [sys.executable, str(SCRIPT), "worker"]
    for more in ({}, {"ARXOS_DATABASE_URL": "postgresql://127.0.0.1:1/nothing"}):
        assert subprocess.run(command, env=environment | more, check=False).returncode == 0
    secret.unlink()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    del environment["ARXOS_DATABASE_URL_FILE"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "worker: ARXOS_DATABASE_URL is not set\n")
