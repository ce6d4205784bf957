"""`arxos schedules` and `arxos beat` as their users meet them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.running import variables, wait_until
from tests.servers import Servers
from tests.worlds import PostgresWorld

NO_REDIS = "redis://127.0.0.1:1/0"
NO_BEAT = "arxos: no beat is alive: start one with `arxos beat`\n"


class Cli:
    """The command line on one database; there is no Redis."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.world = PostgresWorld(environment["ARXOS_DATABASE_URL"])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "arxos.cli.main", *arguments]
        return subprocess.run(command, env=os.environ | self.environment, capture_output=True, text=True, check=False)

    def ok(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def listed(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self.ok("schedules", "list", "--json"))
        return listed

    @contextmanager
    def beat(self, log: Path, *launcher: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", *(launcher or ("arxos.cli.main", "beat"))]
        with (
            log.open("ab") as output,
            subprocess.Popen(command, env=os.environ | self.environment, stdout=output, stderr=output) as beat,
        ):
            try:
                yield beat
            finally:
                beat.kill()

    def beats(self) -> int:
        return int(self.world.sql("SELECT count(*) FROM services WHERE role = 'beat'")[0][0])


@pytest.fixture(scope="module")
def module_cli(servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    name = f"arxos_schedules_cli_{os.getpid()}"
    url = servers.create_database(name, database_url.rpartition("/")[2])
    cli = Cli(variables(url, NO_REDIS, tmp_path_factory.mktemp("cli")))
    yield cli
    cli.world.close()
    servers.drop_database(name)


@pytest.fixture
def cli(module_cli: Cli) -> Cli:
    module_cli.world.empty()
    for table in ("schedules", "services"):
        module_cli.world.sql(f"DELETE FROM {table}")
    return module_cli


def test_an_operators_day(cli: Cli) -> None:
    added = [
        "--cron",
        "30 2 * * 1-5",
        "--timezone",
        "Europe/Berlin",
        "--policy",
        "all",
        "--catch-up",
        "5",
        "--jitter",
        "2m",
    ]
    cli.ok("schedules", "add", "nightly", "--kind", "probe.effect", "--payload", '{"key": "k"}', *added, "--as", "ada")
    [nightly] = cli.listed()
    assert (nightly["cron"], nightly["timezone"], nightly["policy"]) == ("30 2 * * 1-5", "Europe/Berlin", "all")
    assert (nightly["catch_up"], nightly["jitter_s"], nightly["payload"]) == (5, 120, {"key": "k"})
    assert (nightly["source"], nightly["changed_by"], nightly["paused"]) == ("operator", "ada", False)
    assert nightly["next_slot"][11:16] in {"00:30", "01:30"}
    cli.ok("schedules", "pause", "nightly", "--as", "ada")
    assert (cli.listed()[0]["paused_by"], cli.listed()[0]["next_slot"]) == ("ada", None)
    assert cli.world.get(UUID(cli.ok("schedules", "run", "nightly"))).kind == "probe.effect"
    cli.ok("schedules", "resume", "nightly")
    cli.ok("schedules", "change", "nightly", "--every", "1h", "--policy", "skip")
    [nightly] = cli.listed()
    assert (nightly["cron"], nightly["every_s"], nightly["policy"], nightly["catch_up"]) == (None, 3600, "skip", 5)
    assert cli.ok("schedules", "list").splitlines()[1].startswith("nightly\tprobe.effect\tevery 3600 s\tskip\t20")
    cli.ok("schedules", "remove", "nightly")
    assert cli.listed() == []
    acts = [action for _, action, _ in cli.world.acts()]
    assert acts == [f"{act}_schedule" for act in ("add", "pause", "run", "resume", "change", "remove")]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["add", "x", "--kind", "probe.noop"], 2, "name either --cron or --every"),
        (["add", "x", "--kind", "probe.noop", "--every", "5x"], 2, "--every: '5x' is no time"),
        (["add", "x", "--kind", "probe.noop", "--every", "1s", "--policy", "some"], 2, "'some' is not one of"),
        (["add", "x", "--kind", "probe.noop", "--every", "0"], 1, "every: must be 1 to"),
        (["add", "x", "--kind", "probe.noop", "--cron", "* * * *"], 1, "no crontab of five fields"),
        (["add", "x", "--kind", "probe.noop", "--cron", "* * * * *", "--timezone", "Mars"], 1, "no zone 'Mars'"),
        (["add", "x@y", "--kind", "probe.noop", "--every", "5"], 1, "name: 'x@y'"),
        (["add", "x", "--kind", "building.paint", "--every", "5"], 1, "no job kind 'building.paint'"),
        (["add", "x", "--kind", "probe.effect", "--every", "5"], 1, "payload of probe.effect: key: field required"),
        (["run", "x"], 1, "no schedule 'x'"),
        (["pause", "x"], 1, "no schedule 'x'"),
        (["change", "x", "--every", "5"], 1, "no schedule 'x'"),
        (["remove", "x"], 1, "no schedule 'x'"),
    ],
)
def test_a_refusal_is_one_line(cli: Cli, arguments: list[str], code: int, says: str) -> None:
    done = cli.run("schedules", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
    assert says in done.stderr
    assert cli.world.sql("SELECT count(*) FROM schedules") == [(0,)]


@pytest.mark.slow
def test_a_beat_works_without_redis_tells_that_it_lives_and_leaves_when_asked(cli: Cli, tmp_path: Path) -> None:
    assert cli.run("schedules", "list").stderr == NO_BEAT
    with cli.beat(tmp_path / "beat.log") as beat:
        cli.ok("schedules", "add", "quick", "--kind", "probe.noop", "--every", "1")
        jobs = "SELECT count(*) FROM jobs WHERE submitted_by = 'schedule:quick'"
        wait_until(lambda: cli.world.sql(jobs)[0][0] >= 3, "three slots", 30)
        assert cli.run("schedules", "list").stderr == ""
        assert cli.world.sql("SELECT pid FROM services WHERE role = 'beat'") == [(beat.pid,)]
        beat.send_signal(signal.SIGTERM)
        assert beat.wait(10) == 0
    assert cli.beats() == 0
    assert "no beat is alive" in cli.run("schedules", "list").stderr
    assert cli.world.sql("SELECT missed FROM schedules WHERE name = 'quick'") == [(0,)]


@pytest.mark.slow
def test_celerys_own_command_runs_the_same_scheduler(cli: Cli, tmp_path: Path) -> None:
    cli.ok("schedules", "add", "quick", "--kind", "probe.noop", "--every", "1")
    celery = ("celery", "-b", NO_REDIS, "--quiet", "beat", "-S", "arxos.scheduler.beat:LedgerScheduler")
    with cli.beat(tmp_path / "beat.log", *celery) as beat:
        wait_until(lambda: cli.world.sql("SELECT count(*) FROM jobs")[0][0] >= 2, "two slots", 30)
        beat.send_signal(signal.SIGTERM)
        assert beat.wait(10) == 0, (tmp_path / "beat.log").read_text()
    assert cli.beats() == 0


@pytest.mark.slow
def test_a_beat_waits_for_a_database_that_is_away(cli: Cli, tmp_path: Path) -> None:
    away = Cli(cli.environment | {"ARXOS_DATABASE_URL": "postgresql://arxos@127.0.0.1:1/arxos"})
    log = tmp_path / "beat.log"
    with away.beat(log) as beat:
        wait_until(lambda: log.exists() and '"duty_waits"' in log.read_text(), "the beat says what it waits for", 40)
        assert beat.poll() is None
        beat.send_signal(signal.SIGTERM)
        assert beat.wait(20) == 0
    assert log.read_text().count('"duty_waits"') == 1
