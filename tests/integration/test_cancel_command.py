"""`arxos jobs cancel` as its users meet it."""

import json
import threading
from uuid import UUID

import pytest

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.outcome import Outcome, Settlement, succeeded
from tests.builders import new_job
from tests.command_line import Cli
from tests.running import wait_until

UNKNOWN = str(UUID(int=7))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name jobs by their ids, or choose them by a filter"),
        ([UNKNOWN, "--kind", "probe.noop"], "name jobs by their ids, or choose them by a filter"),
        ([UNKNOWN, "--dry-run"], "--dry-run goes with a filter"),
        (["--kind", "probe.noop", "--wait"], "--wait goes with ids of jobs"),
        (["--state", "lost"], "'lost' is not one of"),
        (["7"], "JOB"),
    ],
)
def test_bad_use_is_one_line_and_exit_2(cli: Cli, arguments: list[str], says: str) -> None:
    assert says in cli.refusal("jobs", "cancel", *arguments, code=2)


def test_a_running_job_is_said_to_be_told(cli: Cli) -> None:
    [job_id] = cli.world.insert(new_job())
    cli.world.claim(job_id)
    done = cli.run("jobs", "cancel", str(job_id), "--as", "ada", "--reason", "wrong file")
    assert (done.returncode, done.stdout) == (0, "running\n")
    assert done.stderr == "arxos: it runs: its body is told to stop\n"
    assert (cli.world.get(job_id).cancel_requested_by, cli.world.get(job_id).cancel_reason) == ("ada", "wrong file")


def test_several_jobs_are_cancelled_each_for_itself(cli: Cli) -> None:
    waiting, final, running = cli.world.insert(*(new_job() for _ in range(3)))
    cli.world.succeed(final)
    cli.world.claim(running)
    done = cli.run("jobs", "cancel", *map(str, (final, waiting, UUID(UNKNOWN), running)))
    assert (done.returncode, done.stdout.splitlines()) == (
        1,
        ["id\tstate", f"{waiting}\tcancelled", f"{running}\trunning"],
    )
    assert done.stderr.splitlines() == [
        "arxos: 1 of them run: their bodies are told to stop",
        f"arxos: job {final} is succeeded: it cannot be cancelled, it is final already (and 1 more of 4 jobs)",
    ]


def test_all_that_fit_are_cancelled_after_a_dry_run(cli: Cli) -> None:
    fits = {"kind": "probe.sleep", "queue": "cache", "submitted_by": "importer"}
    ids = cli.world.insert(*(new_job(**fits) for _ in range(1203)))
    others = [new_job(**(fits | {name: other})) for name, other in (("queue", "health"), ("submitted_by", "ada"))]
    cli.world.insert(*others, done := new_job(**fits))
    cli.world.succeed(done.id)
    cli.world.claim(ids[0])
    words = "jobs", "cancel", "--kind", "probe.sleep", "--queue", "cache", "--submitter", "importer"
    assert json.loads(cli.ok(*words, "--dry-run")) == {"matched": 1203, "done": 0, "told": 0}
    assert json.loads(cli.ok(*words, "--as", "ada", "--reason", "twice")) == {"matched": 1203, "done": 1203, "told": 1}
    assert json.loads(cli.ok(*words)) == {"matched": 0, "done": 0, "told": 0}
    assert cli.world.get(ids[5]).error_message == "cancelled by ada: twice"
    assert [cli.world.state(job.id) for job in (*others, done)] == [*[JobState.QUEUED] * 2, JobState.SUCCEEDED]


@pytest.mark.parametrize(("obeys", "code"), [(True, 0), (False, 1)])
def test_waiting_for_the_end_says_whether_it_was_cancelled(cli: Cli, obeys: bool, code: int) -> None:
    [job_id] = cli.world.insert(new_job())
    [job] = cli.world.claim(job_id)
    ended = Settlement(job_id, 1, Outcome.CANCELLED, JobState.CANCELLED) if obeys else succeeded(job, None)
    codes: list[int] = []
    command = threading.Thread(target=lambda: codes.append(cli.run("jobs", "cancel", str(job_id), "--wait").returncode))
    command.start()
    wait_until(lambda: cli.world.get(job_id).cancel_requested_by is not None, "it is asked to stop")
    cli.world.settle(ended)
    command.join(20)
    assert codes == [code]


def test_a_users_text_is_stored_as_it_came_and_shown_on_one_line(cli: Cli) -> None:
    [job_id] = cli.world.insert(new_job())
    cli.ok("jobs", "cancel", str(job_id), "--as", "a'; DROP", "--reason", "[red]line\nbreak\x1b[0m %s {}")
    assert cli.world.get(job_id).error_message == "cancelled by a'; DROP: [red]line\nbreak\x1b[0m %s {}"
    assert "\x1b" not in cli.ok("jobs", "list")
