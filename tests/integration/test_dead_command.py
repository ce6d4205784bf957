"""`arxos dead …`, `jobs redrive` and `jobs discard` as operators meet them."""

import getpass
import json
import socket
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.jobs.job import JobState
from tests.builders import new_job
from tests.command_line import Cli
from tests.terminal import on_terminal

BUILDING = UUID(int=7)


def dead(cli: Cli, count: int = 1, kind: str = "probe.noop", **fields: Any) -> list[UUID]:
    ids = cli.world.insert(*(new_job(kind, **fields) for _ in range(count)))
    cli.world.bury(*ids)
    return ids


def piped(cli: Cli, *arguments: str) -> Any:
    return json.loads(cli.ok("dead", *arguments))


def states(cli: Cli, ids: list[UUID]) -> list[JobState]:
    return [cli.world.state(job_id) for job_id in ids]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["jobs", "redrive"], "Missing argument"),
        (["jobs", "redrive", str(UUID(int=1)), str(UUID(int=2)), "--payload", "{}"], "--payload is for one job"),
        (["jobs", "redrive", str(UUID(int=1)), "--payload", "["], "payload: not JSON"),
        (["jobs", "discard", str(UUID(int=1))], "--reason"),
        (["dead", "discard"], "--reason"),
        (["dead", "redrive", "--rate", "0"], "--rate"),
        (["dead", "redrive", "--building", "house"], "--building"),
        (["dead", "list", "--until", "tomorrow"], "'tomorrow' is not an ISO 8601 time"),
        (["dead", "undo", "7"], "ACT"),
    ],
)
def test_bad_use_is_one_line_and_exit_2(cli: Cli, arguments: list[str], says: str) -> None:
    assert says in cli.refusal(*arguments, code=2)


def test_dead_letters_are_redriven_in_bulk_after_a_dry_run(cli: Cli) -> None:
    ids = dead(cli, 3) + dead(cli, queue="cache")
    dry = piped(cli, "redrive", "--queue", "maintenance", "--dry-run")
    assert (dry["matched"], dry["done"], set(states(cli, ids))) == (3, 0, {JobState.DEAD})
    done = piped(cli, "redrive", "--queue", "maintenance")
    assert (done["matched"], done["done"]) == (3, 3)
    assert states(cli, ids) == [JobState.QUEUED] * 3 + [JobState.DEAD]
    assert piped(cli, "redrive", "--kind", "probe.other") == {
        "matched": 0,
        "done": 0,
        "act": None,
        "due_until": None,
        "undo_until": None,
    }


@pytest.mark.parametrize(
    ("filter_", "matched"),
    [
        ([], 3),
        (["--kind", "probe.sleep"], 1),
        (["--queue", "cache"], 1),
        (["--error", "NO SUCH"], 3),
        (["--error", "other"], 0),
        (["--building", str(BUILDING)], 1),
        (["--submitter", "ada"], 1),
        (["--since", "1h"], 2),
        (["--until", "1h"], 1),
        (["--since", "3h", "--until", "1h", "--queue", "maintenance"], 1),
        (["--fingerprint", "0" * 12], 0),
    ],
)
def test_every_filter_is_the_same_for_lists_groups_and_acts(cli: Cli, filter_: list[str], matched: int) -> None:
    dead(cli, payload={"building_id": str(BUILDING)})
    cli.world.pass_time(7200)
    dead(cli, kind="probe.sleep", payload={"seconds": 1}, submitted_by="ada")
    dead(cli, queue="cache")
    assert len(cli.document("dead", "list", *filter_)) == matched
    assert sum(group["count"] for group in cli.document("dead", "groups", *filter_)) == matched
    assert piped(cli, "discard", "--reason", "x", "--dry-run", *filter_)["matched"] == matched
    assert piped(cli, "discard", "--reason", "x", *filter_)["done"] == matched


def test_lists_say_the_fingerprint_and_are_cut_only_when_asked(cli: Cli) -> None:
    ids = dead(cli, 60)
    heading, *lines = cli.ok("dead", "list").splitlines()
    assert (heading.split("\t")[:2], len(lines)) == (["id", "kind"], 60)
    assert cli.world.get(ids[0]).error_fingerprint in lines[0].split("\t")
    assert len(cli.document("dead", "list", "--limit", "2")) == 2


def test_groups_are_redriven_by_their_fingerprint(cli: Cli) -> None:
    ids = dead(cli, 2)
    [lost] = cli.world.insert(new_job(max_attempts=1))
    cli.world.claim(lost)
    cli.world.do(lambda ledger: ledger.sweep(-1.0))
    first, second = cli.document("dead", "groups")
    assert (first["count"], first["kinds"], first["error_message"]) == (2, ["probe.noop"], "no such model")
    assert (second["count"], second["sample"]) == (1, str(lost))
    assert cli.ok("dead", "groups").splitlines()[1].split("\t")[:2] == ["2", first["fingerprint"]]
    assert piped(cli, "redrive", "--fingerprint", first["fingerprint"])["done"] == 2
    assert states(cli, [*ids, lost]) == [JobState.QUEUED, JobState.QUEUED, JobState.DEAD]


def test_a_dry_run_tells_what_stands_in_the_way(cli: Cli) -> None:
    mine: dict[str, Any] = {"payload": {"building_id": str(BUILDING)}}
    held_up = dead(cli, 2, **mine)
    cli.world.insert(new_job(**mine), new_job(payload={"building_id": str(UUID(int=8))}))
    dead(cli, payload={"building_id": str(UUID(int=9))})
    late = dead(cli, deadline=cli.world.now() + timedelta(seconds=60), idempotency_key="k")
    cli.world.pass_time(61)
    dead(cli, kind="building.paint")
    dead(cli, kind="probe.sleep", payload={"seconds": "a while", "colour": "red"})
    limit = "INSERT INTO limits (scope, name, per, per_running) VALUES ('kind', 'probe.noop', 'building', 1)"
    cli.world.sql(limit)
    dry = piped(cli, "redrive", "--dry-run")
    cli.world.sql("DELETE FROM limits WHERE name = 'probe.noop'")
    assert dry["conflicts"] == {
        "concurrency": len(held_up),
        "idempotency": 0,
        "deadline": len(late),
        "unknown_kind": 1,
        "payload": 4,
    }
    assert dry["kinds"] == {"probe.noop": 4, "building.paint": 1, "probe.sleep": 1}
    assert (dry["queues"], sum(dry["fingerprints"].values()), len(dry["samples"])) == ({"maintenance": 6}, 6, 3)
    assert "a while" not in json.dumps(dry)
    assert set(states(cli, held_up + late)) == {JobState.DEAD}


def test_a_key_that_a_dead_letter_holds_gives_that_dead_letter(cli: Cli) -> None:
    [job_id] = dead(cli, idempotency_key="k", principal="user:ada")
    assert cli.ok("submit", "probe.noop", "--key", "k", "--as", "ada") == str(job_id)


def test_an_act_and_its_undoing_are_told_with_who_when_why_and_from_where(cli: Cli) -> None:
    ids = dead(cli, 2)
    done = piped(cli, "redrive", "--reason", "disk was full", "--rate", "5", "--error", "such")
    [act] = cli.document("dead", "acts")
    assert (act["id"], act["action"], act["actor"], act["reason"]) == (
        done["act"],
        "redrive",
        getpass.getuser(),
        "disk was full",
    )
    assert (act["source"], act["filter"], act["rate"]) == (f"cli@{socket.gethostname()}", {"error": "such"}, 5)
    undone = piped(cli, "undo", done["act"], "--as", "bob", "--reason", "too early")
    assert undone == {"act": done["act"], "undone": 2, "left": 0}
    assert states(cli, ids) == [JobState.DEAD] * 2
    document = cli.document("jobs", "show", str(ids[0]))
    assert [(one["actor"], one["action"], one["reason"]) for one in document["acts"]] == [
        (getpass.getuser(), "redrive", "disk was full"),
        ("bob", "undo", "too early"),
    ]
    assert cli.ok("dead", "acts").splitlines()[1].split("\t")[0] == done["act"]


def test_people_read_sentences_that_say_how_to_undo(cli: Cli) -> None:
    dead(cli, 2, payload={"n": "unknown"})
    group = seen(cli, "dead", "groups")[1]
    assert group.split()[:3] == ["2", cli.document("dead", "groups")[0]["fingerprint"], "probe.noop"]
    assert group.endswith("PermanentError: no such model")
    preview = seen(cli, "dead", "redrive", "--dry-run")
    assert preview[0] == "2 dead letters would be redriven; nothing is done yet"
    assert preview[-1].split(maxsplit=1) == [
        "2",
        "have a payload that no longer fits its contract: they would die at once",
    ]
    done, hint = seen(cli, "dead", "redrive", "--rate", "0.1")
    assert done.startswith("2 of 2 dead letters redriven, the last is due in ")
    act = cli.document("dead", "acts")[0]["id"]
    assert hint.endswith(f"this can be undone: arxos dead undo {act}")
    assert seen(cli, "dead", "undo", act)[0].startswith("2 jobs are dead letters again, as they were; 0 had started")
    assert seen(cli, "dead", "discard", "--reason", "x", "--kind", "probe.sleep") == ["no dead letter fits"]
    assert seen(cli, "jobs", "show", cli.document("dead", "list")[0]["id"])[-1].split()[0] == "undo"


def seen(cli: Cli, *arguments: str) -> list[str]:
    """What a command that succeeds leaves on a wide terminal."""
    shown = on_terminal(
        [sys.executable, "-m", "arxos.cli.main", "--no-pager", *arguments], cli._environment, columns=200
    )
    assert shown.code == 0, shown.text
    return shown.lines


def test_an_act_can_be_undone_only_for_a_while(cli: Cli) -> None:
    dead(cli)
    done = piped(cli, "redrive")
    cli.world.pass_time(601)
    assert "it is too late" in cli.refusal("dead", "undo", done["act"], code=1)
    unknown = uuid4()
    assert f"no bulk act '{unknown}'" in cli.refusal("dead", "undo", str(unknown), code=1)


def test_a_redriven_job_says_so(cli: Cli) -> None:
    [job_id] = dead(cli)
    assert cli.ok("jobs", "redrive", str(job_id), "--as", "ada", "--reason", "fixed") == "queued"
    document = cli.document("jobs", "show", str(job_id))
    assert (document["state"], document["redriven"], document["redriven_by"]) == ("queued", 1, "ada")
    assert (document["attempt"], document["max_attempts"], len(document["attempts"])) == (1, 9, 1)
    assert [one["reason"] for one in document["acts"]] == ["fixed"]


def test_one_or_several_named_jobs_are_redriven_or_discarded_all_or_none(cli: Cli) -> None:
    one, other, waiting = *dead(cli, 2), *cli.world.insert(new_job())
    refused = cli.refusal("jobs", "redrive", str(one), str(waiting), code=1)
    assert f"job {waiting} is queued: it cannot be redriven, only dead jobs can be" in refused
    assert cli.world.state(one) is JobState.DEAD
    assert cli.ok("jobs", "redrive", str(one), str(other)).splitlines() == [f"{one}\tqueued", f"{other}\tqueued"]
    cli.world.bury(one)
    assert cli.ok("jobs", "discard", str(one), "--reason", "a test", "--as", "ada") == "cancelled"
    assert "ada: a test" in cli.ok("jobs", "why", str(one))


def test_an_edited_payload_is_held_against_the_contract_and_kept_beside_the_original(cli: Cli) -> None:
    [job_id] = dead(cli, kind="probe.effect", payload={"key": "old"})
    refused = cli.refusal("jobs", "redrive", str(job_id), "--payload", '{"key": 7, "colour": "red"}', code=1)
    assert "payload of probe.effect: key: " in refused
    assert cli.world.state(job_id) is JobState.DEAD
    cli.ok("jobs", "redrive", str(job_id), "--payload", '{"key": "secret"}')
    document = cli.document("jobs", "show", str(job_id))
    assert (document["payload"]["key"], document["original_payload"]) == ("secret", {"key": "old"})
    [(details,)] = cli.world.sql("SELECT details::text FROM operator_actions")
    assert '"edited": ["key"' in details
    assert "secret" not in details
    assert "old" not in details


def test_a_deadline_that_has_passed_is_dropped_only_when_asked(cli: Cli) -> None:
    [job_id] = dead(cli, deadline=cli.world.now() + timedelta(seconds=60))
    cli.world.pass_time(61)
    assert "its deadline passed at" in cli.refusal("jobs", "redrive", str(job_id), code=1)
    assert piped(cli, "redrive")["done"] == 0
    assert piped(cli, "redrive", "--drop-deadline")["done"] == 1
