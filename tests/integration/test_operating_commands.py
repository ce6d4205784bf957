"""`arxos workers` and `arxos acts`."""

from datetime import timedelta

from arxos.domain.jobs.operator import Operator
from tests.builders import beat, new_job
from tests.command_line import Cli
from tests.worlds import WORKER


def test_workers_are_listed_with_what_they_run(cli: Cli) -> None:
    cli.world.do(lambda ledger: ledger.beat(beat(WORKER)))
    [job_id] = cli.world.insert(new_job())
    cli.world.claim(job_id)
    [worker] = cli.document("workers", "list")
    assert (worker["id"], worker["slots"], worker["memory_bytes"]) == (WORKER, None, None)
    assert [(job["id"], job["kind"]) for job in worker["jobs"]] == [(str(job_id), "probe.noop")]
    heading, line = (row.split("\t") for row in cli.ok("workers", "list").splitlines())
    told = dict(zip(heading, line, strict=True))
    assert (told["id"], told["busy"], told["slots"]) == (WORKER, "1", "")


def test_a_worker_is_drained_and_that_is_recorded(cli: Cli) -> None:
    cli.world.do(lambda ledger: ledger.beat(beat(WORKER)))
    cli.ok("workers", "drain", WORKER, "--reason", "it leaks", "--as", "ada")
    assert cli.document("workers", "list")[0]["drain_requested_by"] == "ada"
    [act] = cli.document("acts", "list")
    assert (act["actor"], act["action"], act["reason"]) == ("ada", "drain_worker", "it leaks")
    assert act["source"].startswith("cli@")
    assert WORKER in cli.ok("acts", "list")


def test_a_worker_that_is_not_there_cannot_be_drained(cli: Cli) -> None:
    assert "no worker 'nobody'" in cli.refusal("workers", "drain", "nobody", code=1)


def test_acts_are_filtered(cli: Cli) -> None:
    cli.ok("queues", "pause", "cache", "--as", "ada")
    cli.ok("kinds", "pause", "probe.noop", "--as", "bob")
    [job_id] = cli.world.insert(new_job(run_at=cli.world.now() + timedelta(hours=1)))
    cli.world.at_desk(lambda desk: desk.retry(job_id, Operator("eve")))
    assert [one["action"] for one in cli.document("acts", "list")] == ["retry", "pause_kind", "pause_queue"]
    assert [one["action"] for one in cli.document("acts", "list", "--actor", "ada")] == ["pause_queue"]
    assert [one["actor"] for one in cli.document("acts", "list", "--job", str(job_id))] == ["eve"]
    assert cli.document("acts", "list", "--action", "discard") == []
    assert "--since" in cli.refusal("acts", "list", "--since", "yesterday", code=2)
