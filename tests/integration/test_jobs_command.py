"""`arxos submit`, `jobs`, `dead`, `queues` and `kinds` as their users meet them: exit codes, lines, documents."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import jsonschema
import pytest

from arxos.domain.jobs.job import JobState, OnFailure
from tests.builders import new_job
from tests.command_line import Cli
from tests.servers import Servers

NOWHERE = "postgresql://arxos:hunter2@127.0.0.1:1/arxos"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["submit"], "name either a KIND or --jsonl FILE"),
        (["submit", "probe.noop", "--jsonl", "-"], "name either a KIND or --jsonl FILE"),
        (["submit", "probe.noop", "--payload", "{"], "payload: not JSON"),
        (["submit", "probe.noop", "--payload", "[]"], "payload: must be a JSON object, got list"),
        (["submit", "probe.noop", "--payload", "@/no/such/file"], "payload: cannot read '/no/such/file'"),
        (["submit", "probe.noop", "--at", "soon"], "'--at': 'soon' is not an ISO 8601 time"),
        (["submit", "probe.noop", "--at", "2026-01-01T00:00:00"], "needs a zone"),
        (["jobs", "list", "--since", "2026-01-01T00:00:00"], "'--since': '2026-01-01T00:00:00' needs a zone"),
        (["dead", "list", "--since", "yesterday"], "'--since': 'yesterday' is not an ISO 8601 time"),
        (["jobs", "graph", str(UUID(int=7)), "--json", "--svg", "x"], "--json or --svg, not both"),
        (["submit", "probe.noop", "--after", "7"], "--after: '7' is no job's id"),
        (["submit", "probe.noop", "--after", f"{UUID(int=7)}:wait"], "alone or with :run or :cancel"),
        (["jobs", "show", "7"], "'JOB'"),
        (["jobs", "list", "--state", "lost"], "'lost' is not one of"),
        (["jobs", "discard", str(UUID(int=1))], "--reason"),
        (["fly"], "No such command 'fly'"),
        (["job"], "No such command 'job'. Did you mean 'jobs'?"),
        (["jobs", "lsit"], "Did you mean 'list'?"),
        (["jobs", "list", "--stat", "dead"], "No such option: --stat (Possible options: --state)"),
        (["jobs", "list", "--state", "lost"], "'blocked', 'queued', 'running', 'retryable', 'succeeded', 'dead'"),
        (["worker", "--pool", "gpu"], "'gpu' is not one of"),
    ],
)
def test_bad_use_is_one_line_and_exit_2(cli: Cli, arguments: list[str], says: str) -> None:
    assert says in cli.refusal(*arguments, code=2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["submit", "building.paint"], "no job kind 'building.paint'"),
        (["submit", "probe.effect"], "payload of probe.effect: key: field required"),
        (["submit", "probe.effect", "--payload", '{"key": "\\u0000"}'], "'key' has a nul character"),
        (["submit", "probe.noop", "--queue", "chache"], "no queue 'chache'"),
        (["submit", "probe.noop", "--priority", "101"], "priority: "),
        (["submit", "probe.noop", "--after", str(UUID(int=7))], f"no job '{UUID(int=7)}' to wait for"),
        (["jobs", "show", str(UUID(int=7))], f"no job '{UUID(int=7)}'"),
        (["jobs", "graph", str(UUID(int=7))], f"no job '{UUID(int=7)}'"),
        (["jobs", "why", str(UUID(int=7))], f"no job '{UUID(int=7)}'"),
        (["jobs", "cancel", str(UUID(int=7))], f"no job '{UUID(int=7)}'"),
        (["queues", "pause", "chache"], "no queue 'chache'"),
        (["submit", "--jsonl", "/no/such/file"], "/no/such/file"),
    ],
)
def test_a_refusal_is_one_line_and_exit_1(cli: Cli, arguments: list[str], says: str) -> None:
    assert says in cli.refusal(*arguments, code=1)


@pytest.mark.parametrize("arguments", [["migrate"], ["relay"], ["jobs", "list"]])
def test_a_wrong_setting_is_named_without_its_value(cli: Cli, arguments: list[str]) -> None:
    line = cli.refusal(*arguments, code=1, ARXOS_BROKER_URL="hunter2")
    assert line.startswith("arxos: ARXOS_BROKER_URL: ")
    assert "hunter2" not in line


@pytest.mark.parametrize("arguments", [["migrate"], ["jobs", "list"]])
def test_an_absent_database_is_one_line_without_the_password(cli: Cli, arguments: list[str]) -> None:
    line = cli.refusal(*arguments, code=1, ARXOS_DATABASE_URL=NOWHERE)
    assert line.startswith("arxos: the database does not answer: ")
    assert "hunter2" not in line


def test_an_empty_database_asks_to_be_migrated(cli: Cli, servers: Servers) -> None:
    name = f"arxos_empty_{os.getpid()}"
    url = servers.create_database(name)
    line = cli.refusal("jobs", "list", code=1, ARXOS_DATABASE_URL=url)
    servers.drop_database(name)
    assert "`arxos migrate`" in line


def test_submitting_prints_the_id(cli: Cli) -> None:
    payload = '{"key": "k"}'
    options = ["--key", "k-1", "--priority", "5", "--as", "ada", "--queue", "cache", "--at", "2099-01-01T00:00:00Z"]
    job_id = UUID(cli.ok("submit", "probe.effect", "--payload", payload, *options))
    job = cli.world.get(job_id)
    assert (job.kind, job.queue, job.priority, job.submitted_by) == ("probe.effect", "cache", 5, "ada")
    assert (job.available_at.year, job.idempotency_key) == (2099, "k-1")
    again = ("submit", "probe.effect", "--payload", payload, "--key", "k-1")
    assert UUID(cli.ok(*again, "--as", "ada")) == job_id
    assert UUID(cli.ok(*again)) != job_id  # the operator's own key, not ada's


def test_a_payload_may_come_from_a_file_or_a_pipe(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text('{"key": "file"}')
    from_file = cli.ok("submit", "probe.effect", "--payload", f"@{tmp_path}/payload.json")
    from_pipe = cli.ok("submit", "probe.effect", "--payload", "-", stdin='{"key": "pipe"}')
    assert [cli.world.get(UUID(one)).payload["key"] for one in (from_file, from_pipe)] == ["file", "pipe"]


def test_many_jobs_are_submitted_from_lines(cli: Cli) -> None:
    lines = "\n".join(json.dumps({"kind": "probe.noop", "priority": n}) for n in range(30)) + "\n\n"
    ids = [UUID(line) for line in cli.ok("submit", "--jsonl", "-", stdin=lines).splitlines()]
    assert [cli.world.get(job_id).priority for job_id in ids] == list(range(30))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("{", "line 2: job: "),
        ('{"kind": "building.paint"}', "line 2: no job kind 'building.paint'"),
        ('{"kind": "probe.effect"}', "line 2: payload of probe.effect: key: "),
        (json.dumps({"kind": "probe.noop", "after": [str(UUID(int=7))]}), f"no job '{UUID(int=7)}' to wait for"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_its_chunk_accepted(cli: Cli, bad: str, says: str) -> None:
    good = '{"kind": "probe.noop"}'
    assert says in cli.refusal("submit", "--jsonl", "-", stdin=f"{good}\n{bad}\n{good}\n", code=1)
    assert cli.document("jobs", "list") == []


def test_an_edge_may_be_told_what_a_failure_means(cli: Cli) -> None:
    ids = cli.world.insert(*(new_job() for _ in range(4)))
    one, two, three, four = map(str, ids)
    then = UUID(cli.ok("submit", "probe.noop", "--after", one, "--after", f"{two}:run", "--after", f"{three},{four}"))
    cli.world.bury(ids[1])
    assert (cli.world.state(then), cli.world.get(then).waiting_for) == (JobState.BLOCKED, 3)
    cli.world.bury(ids[3])
    assert cli.world.state(then) is JobState.CANCELLED


def test_lines_may_name_each_other_in_any_order(cli: Cli) -> None:
    first, then = UUID(int=1), UUID(int=2)
    lines = [{"kind": "probe.noop", "id": str(then), "after": [str(first)]}, {"kind": "probe.noop", "id": str(first)}]
    text = "\n".join(map(json.dumps, lines))
    for _ in range(2):  # the same lines again are the same jobs
        assert cli.ok("submit", "--jsonl", "-", stdin=text).splitlines() == [str(then), str(first)]
    assert (cli.world.state(first), cli.world.state(then)) == (JobState.QUEUED, JobState.BLOCKED)


def test_lines_that_wait_for_each_other_are_refused_by_their_line(cli: Cli) -> None:
    line = '{"kind": "probe.noop"}'
    itself = json.dumps({"kind": "probe.noop", "id": str(UUID(int=7)), "after": [str(UUID(int=7))]})
    said = cli.refusal("submit", "--jsonl", "-", stdin=f"{line}\n\n{itself}\n", code=1)
    assert said.startswith(f"arxos: line 3: jobs wait for each other: {UUID(int=7)} → {UUID(int=7)} (0 jobs")
    assert cli.document("jobs", "list") == []


def test_who_names_a_line_of_a_later_transaction_is_told_of_the_bounds(cli: Cli) -> None:
    early = json.dumps({"kind": "probe.noop", "after": [str(UUID(int=7))]})
    late = json.dumps({"kind": "probe.noop", "id": str(UUID(int=7))})
    text = "\n".join([early, *['{"kind": "probe.noop"}'] * 9_999, late])
    said = cli.refusal("submit", "--jsonl", "-", stdin=text, code=1)
    assert said.startswith(f"arxos: line 1: no job '{UUID(int=7)}' to wait for; lines 1 to 10000 are one transaction")


def test_a_workflow_is_shown_as_lines_document_and_picture(cli: Cli, tmp_path: Path) -> None:
    first = new_job()
    fan = [new_job("probe.sleep", after=(first.id,)) for _ in range(9)]
    cli.world.insert(first, *fan, last := new_job(after=tuple(job.id for job in fan), on_failure=OnFailure.RUN))
    heading, *lines = (line.split("\t") for line in cli.ok("jobs", "graph", str(last.id)).splitlines())
    assert heading == ["layer", "number", "kind", "jobs", "state", "job", "waits", "after"]
    assert lines == [
        ["0", "1", "probe.noop", "1", "queued", str(first.id), "", ""],
        ["1", "2", "probe.sleep", "9", "9 blocked", "", "", "1"],
        ["2", "3", "probe.noop", "1", "blocked", str(last.id), "waits for 9 of 9", "2:run"],
    ]
    document = cli.document("jobs", "graph", str(first.id))
    assert (document["job"], len(document["nodes"]), len(document["edges"])) == (str(first.id), 11, 18)
    assert document["nodes"][0] == {"id": str(first.id), "kind": "probe.noop", "state": "queued", "waiting_for": 0}
    of_last = [edge for edge in document["edges"] if edge["job"] == str(last.id)]
    assert {(edge["on_failure"], edge["released"]) for edge in of_last} == {("run", False)}
    assert cli.ok("jobs", "graph", str(last.id), "--svg", f"{tmp_path}/flow.svg") == ""
    assert "9 × probe.sleep" in (tmp_path / "flow.svg").read_text()
    assert cli.ok("jobs", "graph", str(last.id), "--svg", "-").startswith("<svg ")
    assert "cannot write" in cli.refusal("jobs", "graph", str(last.id), "--svg", f"{tmp_path}/no/flow.svg", code=1)


def test_waiting_tells_how_it_ended(cli: Cli) -> None:
    done, dead = (new_job(idempotency_key=key, principal="user:ada") for key in ("done", "dead"))
    cli.world.insert(done, dead)
    cli.world.succeed(done.id)
    cli.world.bury(dead.id)
    again = ("submit", "probe.noop", "--wait", "--as", "ada", "--key")
    codes = [cli.run(*again, key).returncode for key in ("done", "dead")]
    assert codes == [0, 1]


def test_jobs_are_listed_for_programs_and_pipes(cli: Cli) -> None:
    old, new = cli.world.insert(new_job(), new_job("probe.sleep", payload={"seconds": 1}))
    assert [job["id"] for job in cli.document("jobs", "list")] == [str(new), str(old)]
    assert [job["id"] for job in cli.document("jobs", "list", "--kind", "probe.noop")] == [str(old)]
    assert [job["id"] for job in cli.document("jobs", "list", "--limit", "1")] == [str(new)]
    heading, first, _ = cli.ok("jobs", "list").splitlines()
    assert heading.split("\t")[:3] == ["id", "kind", "queue"]
    assert first.split("\t")[:4] == [str(new), "probe.sleep", "maintenance", "queued"]


def test_a_job_is_shown_with_its_attempts(cli: Cli) -> None:
    [job_id] = cli.world.insert(new_job())
    cli.world.bury(job_id)
    document = cli.document("jobs", "show", str(job_id))
    promised = {"id", "kind", "queue", "state", "attempt", "max_attempts", "payload", "result", "error", "progress"}
    assert promised | {"attempts", "created_at"} <= set(document)
    assert (document["state"], document["error"]) == ("dead", "PermanentError: no such model")
    assert {"attempt", "worker", "started_at", "finished_at", "outcome"} <= set(document["attempts"][0])
    assert "no such model" in cli.ok("jobs", "show", str(job_id))


def test_a_job_is_found_by_the_beginning_of_its_id(cli: Cli) -> None:
    one, other = UUID("01a2105a-45e7-79e8-acb5-03b501064b69"), UUID("01a2105a-3ca0-7bae-8f9d-6886ec00f6b4")
    cli.world.insert(new_job(id=one), new_job(id=other))
    for typed in (str(one), "01a2105a-4", "01A2105A45", one.hex):
        assert cli.document("jobs", "show", typed)["id"] == str(one)
    assert cli.ok("jobs", "cancel", "01a2105a-3") == "cancelled"
    assert cli.world.state(other) is JobState.CANCELLED
    several = cli.refusal("jobs", "cancel", "01a2105a", code=1)
    assert several.endswith(f"several jobs' ids begin with '01a2105a', such as {other} and {one}: type more")
    assert "no job's id begins with '01a2105b'" in cli.refusal("jobs", "show", "01a2105b", code=1)
    assert "'01a2105' is no id, nor the first 8" in cli.refusal("jobs", "show", "01a2105", code=2)
    assert cli.world.state(one) is JobState.QUEUED


def test_who_names_what_there_is_not_is_told_what_there_is(cli: Cli) -> None:
    assert "building.paint'; there are " in cli.refusal("submit", "building.paint", code=1)
    done = cli.run("jobs", "list", "--kind", "building.paint", "--queue", "chache", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    kinds, queues = done.stderr.splitlines()
    assert "no job kind 'building.paint' is known here; there are " in kinds
    assert "no queue 'chache' is known here; there are cache, " in queues


def test_jobs_of_an_unknown_kind_are_listed_without_a_word(cli: Cli) -> None:
    [job_id] = cli.world.insert(new_job("building.paint"))
    assert [job["id"] for job in cli.document("jobs", "list", "--kind", "building.paint")] == [str(job_id)]


def test_a_list_begins_some_time_ago(cli: Cli) -> None:
    cli.world.insert(new_job())
    cli.world.pass_time(3600)
    cli.world.insert(new := new_job())
    assert [job["id"] for job in cli.document("jobs", "list", "--since", "30m")] == [str(new.id)]
    assert len(cli.document("jobs", "list", "--since", "2h")) == 2


def test_why_is_a_sentence(cli: Cli) -> None:
    [job_id] = cli.world.insert(new_job())
    sentence = cli.ok("jobs", "why", str(job_id))
    assert sentence.startswith("no worker consumes its queue maintenance")
    assert cli.document("jobs", "why", str(job_id)) == {"id": str(job_id), "state": "queued", "why": sentence}


def test_a_waiting_job_is_cancelled(cli: Cli) -> None:
    [waiting] = cli.world.insert(new_job())
    assert cli.ok("jobs", "cancel", str(waiting), "--as", "ada") == "cancelled"
    assert "it is final already" in cli.refusal("jobs", "cancel", str(waiting), code=1)
    assert cli.world.acts() == [("ada", "cancel", waiting)]


def test_queues_are_listed_paused_and_resumed(cli: Cli) -> None:
    cli.world.insert(new_job())
    cli.ok("queues", "pause", "maintenance", "--as", "ada")
    [queue] = cli.document("queues", "list")
    assert (queue["queue"], queue["states"], queue["paused_by"]) == ("maintenance", {"queued": 1}, "ada")
    cli.ok("queues", "resume", "maintenance")
    listed = cli.run("queues", "list", "--json")
    assert json.loads(listed.stdout)[0]["paused_by"] is None
    assert listed.stderr == "arxos: no relay is alive: start one with `arxos relay`; 1 due job waits\n"
    cli.ok("queues", "pause", "maintenance")
    assert cli.ok("queues", "list").splitlines()[0].startswith("queue\tblocked\tqueued")


def test_kinds_come_with_json_schemas(cli: Cli) -> None:
    kinds = {one["kind"]: one for one in cli.document("kinds")}
    assert {"building.validate", "building.index_geometry", "building.warm_cache", "probe.effect"} <= set(kinds)
    for one in kinds.values():
        jsonschema.Draft202012Validator.check_schema(one["payload"])
    jsonschema.validate({"model_id": str(uuid4())}, kinds["building.validate"]["payload"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"colour": "red"}, kinds["building.validate"]["payload"])


def test_without_probes_there_are_none(cli: Cli) -> None:
    assert "no job kind 'probe.noop'" in cli.refusal("submit", "probe.noop", code=1, ARXOS_PROBES="0")


def test_a_reader_that_goes_away_is_no_failure(cli: Cli) -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m arxos.cli.main kinds --json | head -c 10"],
        env=os.environ | cli._environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
