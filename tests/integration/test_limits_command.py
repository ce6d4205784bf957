"""`arxos limits` and `arxos kinds pause`, and submissions that are too much."""

import json
import socket

import pytest

from tests.builders import new_job
from tests.command_line import Cli


def test_limits_are_set_listed_and_removed(cli: Cli) -> None:
    cli.ok("limits", "set", "kind", "probe.noop", "--running", "3", "--rate", "2.5", "--as", "ada")
    cli.ok("limits", "set", "queue", "geometry", "--per", "building")
    kind, queue = cli.document("limits", "list")
    assert (kind["scope"], kind["name"], kind["running"], kind["rate"], kind["burst"], kind["set_by"]) == (
        *("kind", "probe.noop", 3, 2.5, 3, "ada"),
    )
    assert (queue["name"], queue["per"], queue["per_running"], queue["running"]) == ("geometry", "building", 1, None)
    cli.ok("limits", "remove", "kind", "probe.noop")
    assert [one["name"] for one in cli.document("limits", "list")] == ["geometry"]
    assert cli.world.acts()[0][:2] == ("ada", "set_limit")


def test_the_list_tells_what_is_in_flight_and_what_is_held(cli: Cli) -> None:
    ids = cli.world.insert(*(new_job() for _ in range(3)))
    cli.world.claim(ids[0])
    cli.ok("limits", "set", "kind", "probe.noop", "--running", "1", "--per", "payload.b")
    cli.world.sql("UPDATE jobs SET held = 'kind:probe.noop/x' WHERE id = %s", ids[1])
    [limit] = cli.document("limits", "list")
    assert (limit["in_flight"], limit["held"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["set", "colour", "red", "--running", "1"], 2, "'colour'"),
        (["set", "kind", "probe.nop", "--running", "1"], 1, "no job kind 'probe.nop'"),
        (["set", "queue", "geometri", "--running", "1"], 1, "no queue 'geometri'"),
        (["set", "kind", "probe.noop"], 1, "needs running, per or rate"),
        (["set", "kind", "probe.noop", "--rate", "nan"], 1, "rate: must be more than 0"),
        (["set", "kind", "probe.noop", "--running", "-1"], 1, "running: must be 0 to"),
        (["set", "kind", "probe.noop", "--per", "colour"], 1, "per: must be building, submitter or payload.<field>"),
        (["remove", "kind", "probe.noop"], 1, "no limit on kind 'probe.noop'"),
        (["share", "ada", "0"], 1, "weight: must be 0.001 to 1000, got 0"),
    ],
)
def test_nonsense_is_refused_in_a_line(cli: Cli, arguments: list[str], code: int, says: str) -> None:
    assert says in cli.refusal("limits", *arguments, code=code)


def test_a_kind_is_paused_and_resumed(cli: Cli) -> None:
    [job_id] = cli.world.insert(new_job())
    cli.ok("kinds", "pause", "probe.noop", "--reason", "it floods the disk", "--as", "ada")
    assert cli.world.claim(job_id) == []
    assert [(one["name"], one["paused_by"]) for one in cli.document("limits", "list")] == [("probe.noop", "ada")]
    acts = cli.world.sql("SELECT actor, action, reason, source FROM operator_actions")
    assert acts == [("ada", "pause_kind", "it floods the disk", f"cli@{socket.gethostname()}")]
    cli.ok("kinds", "resume", "probe.noop")
    assert len(cli.world.claim(job_id)) == 1
    assert "no job kind 'probe.nope'" in cli.refusal("kinds", "pause", "probe.nope", code=1)


def test_too_much_is_refused_with_the_time_to_come_again(cli: Cli) -> None:
    lines = "".join(json.dumps({"kind": "probe.noop", "idempotency_key": f"k{n}"}) + "\n" for n in range(5))
    cli.ok("submit", "--jsonl", "-", stdin=lines)
    limited = {"ARXOS_BACKLOG_LIMIT": "5"}
    refusal = cli.refusal("submit", "probe.noop", code=1, **limited)
    assert refusal == (
        "arxos: queue 'maintenance' has 5 due jobs, and takes no more from its limit of 5 on: come again in 60 s"
    )
    assert "lines 1 to 1: queue" in cli.refusal(
        "submit", "--jsonl", "-", stdin='{"kind": "probe.noop"}\n', code=1, **limited
    )
    known = cli.run("submit", "probe.noop", "--key", "k3", **limited)
    elsewhere = cli.run("submit", "probe.noop", "--queue", "cache", **limited)
    assert (known.returncode, elsewhere.returncode) == (0, 0)
    assert cli.world.sql("SELECT count(*) FROM jobs") == [(6,)]
