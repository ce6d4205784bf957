"""The local stack, from `up` to `down`, in a copy of this checkout."""

import http.client
import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from deploy.local.commands import wait_until
from deploy.local.processes import PROCESSES
from tests.e2e.checkouts import Checkout

pytestmark = pytest.mark.slow
SERVERS = ["postgres", "redis"]
NAMES = [process.name for process in PROCESSES]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout.at(tmp_path_factory.mktemp("one") / "check out")
    yield checkout
    checkout.run("down", check=False)


@pytest.fixture
def stack(checkout: Checkout) -> Checkout:
    checkout.run("up")
    return checkout


def _environment(stack: Checkout) -> dict[str, str]:
    lines = [shlex.split(line) for line in stack.run("env").stdout.splitlines()]
    assert all(words[0] == "export" for words in lines)
    return dict(words[1].split("=", 1) for words in lines)


def _age(pid: object) -> Path:
    return Path(f"/proc/{pid}")


def test_up_starts_every_process_servers_included(stack: Checkout) -> None:
    assert stack.states() == dict.fromkeys([*SERVERS, *NAMES], "running")
    assert all(_age(pid).exists() for pid in stack.pids().values())


def test_up_again_restarts_nothing(stack: Checkout) -> None:
    before = stack.pids()
    stack.run("up")
    assert stack.pids() == before


def test_env_says_where_everything_is(stack: Checkout) -> None:
    variables = _environment(stack)
    with psycopg.connect(variables["ARXOS_DATABASE_URL"]) as connection:
        connection.execute("SELECT count(*) FROM jobs")
    flower = http.client.HTTPConnection(urlsplit(variables["ARXOS_FLOWER_URL"]).netloc, timeout=5)
    flower.request("GET", "/healthcheck")
    assert flower.getresponse().status == 200
    flower.close()
    assert variables["ARXOS_BLOB_URL"].startswith("file:///")
    assert variables["ARXOS_ADMIN_TOKEN"].count(".") == 2


def test_processes_work_as_a_role_that_may_not_change_the_schema(stack: Checkout) -> None:
    variables = _environment(stack)
    with psycopg.connect(variables["ARXOS_DATABASE_OWNER_URL"]) as owner:
        users = owner.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name ~ '^arxos-'")
        assert users.fetchall() == [("arxos_process",)]
    with (
        psycopg.connect(variables["ARXOS_DATABASE_URL"]) as process,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        process.execute("CREATE TABLE mine ()")


def test_no_process_is_given_a_secret_where_others_see_it_or_one_that_it_does_not_need(stack: Checkout) -> None:
    stack.run("up", **_environment(stack))  # type: ignore[arg-type] # as in a shell that has evaluated `./run env`
    secrets = [
        file.read_text() for pattern in ("*.password", "*.secret") for file in (stack.root / ".local").glob(pattern)
    ]
    assert len(secrets) >= 5
    processes = [Path("/proc") / str(pid) for pid in stack.pids().values()]
    words = b"".join((process / "cmdline").read_bytes() for process in processes)
    assert [secret for secret in secrets if secret.encode() in words] == []
    variables = b"".join((process / "environ").read_bytes() for process in processes)
    assert b"ARXOS_DATABASE_OWNER_URL" not in variables


def test_other_users_can_read_nothing_of_the_stack_even_where_an_older_version_let_them(stack: Checkout) -> None:
    local = stack.root / ".local"
    local.chmod(0o755)
    (local / "logs" / "api.log").chmod(0o644)
    stack.run("up")
    assert local.stat().st_mode & 0o777 in {0o700, 0o710}
    assert {log.name: oct(log.stat().st_mode & 0o777) for log in (local / "logs").iterdir()} == {
        log.name: "0o600" for log in (local / "logs").iterdir()
    }
    kept = [file for file in local.iterdir() if file.suffix in {".password", ".secret", ".json", ".conf"}]
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
    assert (local / "blobs").stat().st_mode & 0o007 == 0


def test_a_job_goes_through_the_stack_once_probes_are_enabled(stack: Checkout) -> None:
    stack.run("up", ARXOS_PROBES="1")
    done = stack.run("arxos", "submit", "probe.noop", "--payload", "{}", "--wait")
    assert len(done.stdout.strip()) == 36


def test_what_was_chosen_for_a_running_stack_stays_chosen(stack: Checkout) -> None:
    stack.run("up", ARXOS_PROBES="1")
    before = stack.pids()
    stack.run("up")
    assert stack.pids() == before
    assert _environment(stack)["ARXOS_PROBES"] == "1"


def test_changed_code_restarts_what_runs_it_and_not_the_servers(stack: Checkout) -> None:
    before = stack.pids()
    (stack.root / "arxos" / "__init__.py").touch()
    stack.run("up")
    after = stack.pids()
    assert {name for name in after if after[name] != before[name]} == set(NAMES)


@pytest.mark.parametrize("name", [*SERVERS, *NAMES])
def test_a_killed_process_comes_back(stack: Checkout, name: str) -> None:
    before = stack.pids()[name]
    assert before is not None
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        now = stack.pids()[name]
        return now not in {before, None} and stack.states()[name] == "running"

    wait_until(is_back, what=f"the return of {name}", timeout_s=60)


def test_logs_of_one_process_are_printed(stack: Checkout) -> None:
    assert "ready to accept connections" in stack.run("logs", "postgres").stdout


def test_logs_of_a_stranger_are_refused_naming_who_has_some(stack: Checkout) -> None:
    done = stack.run("logs", "nobody", check=False)
    assert done.returncode == 1
    assert "no logs of 'nobody': there are api, beat, flower, ingress, postgres" in done.stderr


def test_a_second_checkout_lives_beside_the_first(stack: Checkout, tmp_path: Path) -> None:
    first = stack.pids()
    second = Checkout.at(tmp_path / "second")
    try:
        second.run("up")
        assert set(second.pids().values()).isdisjoint(first.values())
    finally:
        second.run("down")
    assert second.leftovers() == []
    assert stack.pids() == first


def test_up_ends_the_orphans_of_a_killed_supervisor(stack: Checkout) -> None:
    orphans = stack.pids()
    os.kill(int((stack.root / ".local" / "supervisord.pid").read_text()), signal.SIGKILL)
    wait_until(lambda: set(stack.states().values()) == {"stopped"}, what="the end of supervisord")
    stack.run("up")
    assert set(stack.pids().values()).isdisjoint(orphans.values())
    assert not any(_age(pid).exists() for pid in orphans.values())


def test_down_ends_the_orphans_of_a_killed_supervisor(stack: Checkout) -> None:
    os.kill(int((stack.root / ".local" / "supervisord.pid").read_text()), signal.SIGKILL)
    stack.run("down")
    assert stack.leftovers() == []


def test_down_leaves_no_process_behind_and_up_finds_what_was_stored(stack: Checkout) -> None:
    database = _environment(stack)["ARXOS_DATABASE_OWNER_URL"]
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (it text)")
        connection.execute("INSERT INTO kept VALUES ('still here')")
    stack.run("down")
    assert stack.leftovers() == []
    assert set(stack.states().values()) == {"stopped"}
    stack.run("up")
    with psycopg.connect(_environment(stack)["ARXOS_DATABASE_OWNER_URL"]) as connection:
        assert connection.execute("SELECT it FROM kept").fetchone() == ("still here",)


def test_env_of_a_stack_that_is_down_is_refused_in_one_line(checkout: Checkout) -> None:
    checkout.run("down")
    done = checkout.run("env", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "run: the stack does not run: ./run up\n")
