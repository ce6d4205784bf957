"""The command line in a real terminal: tables, pages, pager, bars."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.builders import new_job
from tests.running import variables
from tests.servers import Servers
from tests.terminal import Shown, on_terminal
from tests.worlds import PostgresWorld

ARXOS = (sys.executable, "-m", "arxos.cli.main")


class Terminal:
    """The command line on one database without any worker, in a terminal of 100 columns and 40 rows."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.world = PostgresWorld(environment["ARXOS_DATABASE_URL"])

    def run(self, *arguments: str, size: tuple[int, int] = (100, 40), typed: str = "", **variables: str) -> Shown:
        columns, rows = size
        environment = self.environment | variables
        return on_terminal([*ARXOS, *arguments], environment, columns=columns, rows=rows, typed=typed)


@pytest.fixture(scope="module")
def module_terminal(
    servers: Servers, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    name = f"arxos_terminal_{os.getpid()}"
    url = servers.create_database(name, database_url.rpartition("/")[2])
    terminal = Terminal(variables(url, redis_url, tmp_path_factory.mktemp("cli")))
    yield terminal
    terminal.world.close()
    servers.drop_database(name)


@pytest.fixture
def terminal(module_terminal: Terminal) -> Terminal:
    module_terminal.world.empty()
    return module_terminal


def test_jobs_are_a_table_in_colour_with_times_from_now(terminal: Terminal) -> None:
    [waiting, dead] = terminal.world.insert(new_job(), new_job())
    terminal.world.bury(dead)
    shown = terminal.run("jobs", "list", size=(140, 40))
    heading, first, second = (line.split() for line in shown.lines)
    assert heading == ["id", "kind", "queue", "state", "attempt", "created", "error"]
    assert first[:4] == [str(dead), "probe.noop", "maintenance", "dead"]
    assert second[:5] == [str(waiting), "probe.noop", "maintenance", "queued", "0/8"]
    assert " ago" in shown.lines[1]
    assert "\x1b[31mdead" in shown.raw
    assert "\x1b[34mqueued" in shown.raw


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_ids_and_kinds_are_whole_however_narrow_the_terminal_and_errors_fit_it(
    terminal: Terminal, columns: int
) -> None:
    [dead] = terminal.world.insert(new_job("probe.progress"))
    terminal.world.bury(dead)
    terminal.world.sql("UPDATE jobs SET error_message = repeat('long ', 100)")
    line = terminal.run("jobs", "list", size=(columns, 40)).lines[1]
    assert line.startswith(f"{dead}  probe.progress  ")
    assert "…" in line
    assert len(line.rstrip()) <= max(columns, 105)


def test_a_list_that_was_cut_off_says_how_many_there_are_and_how_to_see_them(terminal: Terminal) -> None:
    terminal.world.insert(*(new_job() for _ in range(5)))
    assert terminal.run("jobs", "list", "--limit", "3").lines[-1] == "3 of 5 jobs: --limit shows more"
    assert "of 5" not in terminal.run("jobs", "list").text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["jobs", "list"], "no jobs"),
        (["jobs", "list", "--state", "dead"], "no such jobs"),
        (["dead", "list"], "no dead letters"),
        (["queues", "quarantine"], "nothing arrived that was no message of the relay's"),
        (["buildings", "list"], "no such buildings"),
    ],
)
def test_an_empty_list_says_so(terminal: Terminal, arguments: list[str], says: str) -> None:
    assert terminal.run(*arguments).lines == [says]


def test_no_colour_where_none_is_wanted(terminal: Terminal) -> None:
    terminal.world.insert(new_job())
    assert "\x1b[34m" not in terminal.run("jobs", "list", NO_COLOR="1").raw
    assert "\x1b" not in terminal.run("jobs", "list", TERM="dumb").raw


def test_columns_say_how_wide_the_terminal_is(terminal: Terminal) -> None:
    [dead] = terminal.world.insert(new_job())
    terminal.world.bury(dead)
    assert "queue" not in terminal.run("jobs", "list", COLUMNS="80").lines[0]
    assert "queue" in terminal.run("jobs", "list", size=(80, 40), COLUMNS="120").lines[0]


def test_users_cannot_steer_the_terminal(terminal: Terminal) -> None:
    [dead] = terminal.world.insert(new_job(payload={"note": "a\x1b[2Jb[red]c[/]"}, submitted_by="eve\x1b[2J"))
    terminal.world.bury(dead)
    terminal.world.sql("UPDATE jobs SET error_message = %s", "[bold]x[/bold] \x1b[2J\n\x07 :boom: \u202e")
    for arguments in (["jobs", "list"], ["jobs", "show", str(dead)]):
        shown = terminal.run(*arguments, size=(200, 60))
        assert "\x1b[2J" not in shown.raw
        assert "\x07" not in shown.raw
        assert "\u202e" not in shown.raw
        assert "[bold]x[/bold]" in shown.text
        assert ":boom:" in shown.text


def test_what_is_longer_than_the_screen_goes_through_the_pager(terminal: Terminal) -> None:
    ids = terminal.world.insert(*(new_job() for _ in range(30)))
    pager = f"{sys.executable} -c \"import sys; print('paged', len(sys.stdin.readlines()))\""
    assert terminal.run("jobs", "list", size=(100, 20), ARXOS_PAGER=pager).lines == ["paged 31"]
    assert terminal.run("jobs", "list", size=(100, 20), PAGER=pager).lines == ["paged 31"]
    assert len(terminal.run("jobs", "list", size=(100, 60), PAGER=pager).lines) == 31
    for whole in (
        terminal.run("jobs", "list", "--no-pager", size=(100, 20), PAGER=pager),
        terminal.run("--no-pager", "jobs", "list", size=(100, 20), PAGER=pager),
        terminal.run("jobs", "list", size=(100, 20), PAGER=pager, ARXOS_PAGER=""),
        terminal.run("jobs", "list", size=(100, 20), PAGER=pager, ARXOS_PAGER="cat"),
        terminal.run("jobs", "list", size=(100, 20), PAGER=pager, TERM="dumb"),
        terminal.run("jobs", "list", size=(100, 20), PAGER="/no/such/pager -x"),
        terminal.run("jobs", "list", size=(100, 20), PAGER="an 'open quote"),
    ):
        assert whole.code == 0
        assert len(whole.lines) == 31
        assert whole.lines[-1].startswith(str(ids[0]))


def test_leaving_the_pager_early_is_no_error(terminal: Terminal) -> None:
    jobs = [new_job(payload={}) for _ in range(3000)]
    terminal.world.insert(*jobs)
    left = terminal.run("jobs", "list", "--limit", "3000", size=(100, 20), PAGER="head -n 2")
    assert (left.code, len(left.lines)) == (0, 2)
    quitted = terminal.run("jobs", "list", "--limit", "3000", size=(100, 20), typed="q", PAGER="less")
    assert quitted.code == 0
    assert str(jobs[-1].id) in quitted.text
    assert str(jobs[0].id) not in quitted.text
    assert "Traceback" not in quitted.text


def test_a_job_is_a_page(terminal: Terminal) -> None:
    [dead] = terminal.world.insert(new_job(payload={"building": {"floor": 3}}, submitted_by="ada"))
    terminal.world.bury(dead)
    shown = terminal.run("jobs", "show", str(dead), size=(100, 60))
    assert shown.lines[:2] == ["probe.noop  dead  attempt 1 of 8", str(dead)]
    assert "\x1b[1;31mdead" in shown.raw
    assert "  submitted by  ada" in shown.lines
    assert '    "building": {' in shown.lines
    assert "  PermanentError: no such model" in shown.lines
    attempts = shown.lines[shown.lines.index("attempts") + 1 :]
    assert attempts[0].split() == ["attempt", "outcome", "started", "took", "worker", "error"]
    assert attempts[1].split()[:2] == ["1", "failed"]
    titles = [shown.lines.index(title) for title in ("error", "payload", "attempts")]
    assert titles == sorted(titles)


def test_a_running_job_shows_how_far_it_is(terminal: Terminal) -> None:
    [running] = terminal.world.insert(new_job())
    terminal.world.claim(running)
    terminal.world.do(lambda ledger: ledger.report_progress(running, 1, 0.4, "floor 2 of 5"))
    shown = terminal.run("jobs", "show", str(running))
    assert shown.lines[0] == "probe.noop  running  attempt 1 of 8"
    assert "━━━ 40% floor 2 of 5" in shown.lines[2]


def test_a_file_of_jobs_is_submitted_with_a_bar_on_stderr(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "jobs.jsonl"
    file.write_text("".join(f"{json.dumps({'kind': 'probe.noop'})}\n" for _ in range(12_000)))
    command = [*ARXOS, "submit", "--jsonl", str(file)]
    shown = on_terminal(command, terminal.environment, piped_stdout=True)
    assert shown.code == 0
    assert "submitting" in shown.text
    assert "12,000" in shown.text
    assert "/s" in shown.text
    assert terminal.world.sql("SELECT count(*) FROM jobs") == [(12_000,)]


def test_waiting_shows_the_state(terminal: Terminal) -> None:
    terminal.world.insert(done := new_job(idempotency_key="done", principal="user:ada"))
    terminal.world.succeed(done.id)
    shown = terminal.run("submit", "probe.noop", "--key", "done", "--as", "ada", "--wait")
    assert shown.code == 0
    assert str(done.id) in shown.text
    assert "succeeded" in shown.text


def test_a_schedule_and_a_queue_are_shown_in_words(terminal: Terminal) -> None:
    terminal.world.insert(new_job())
    terminal.world.pass_time(7200)
    shown = terminal.run("queues", "list")
    [heading, line] = shown.lines[-2:]
    assert "oldest due" in heading
    assert "oldest due s" not in heading
    assert "paused by" not in heading
    assert line.split()[:3] == ["maintenance", "0", "1"]
    assert line.rstrip().endswith("2 h")


def test_a_pipe_gets_tabs_and_exact_times_and_nothing_else(terminal: Terminal) -> None:
    [job_id] = terminal.world.insert(new_job())
    piped = on_terminal(["bash", "-c", f"{' '.join(ARXOS)} jobs list | cat -v"], terminal.environment)
    heading, line = (row.split("\t") for row in piped.lines)
    assert heading == ["id", "kind", "queue", "state", "attempt", "created", "error"]
    assert line[:5] == [str(job_id), "probe.noop", "maintenance", "queued", "0/8"]
    assert datetime.fromisoformat(line[5]).tzinfo is not None
