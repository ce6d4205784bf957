"""`arxos doctor` as its users meet it: exit codes, lines, documents."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest

from arxos.doctor.catalogue import catalogue
from arxos.doctor.examination import OWN_FINDINGS
from tests.doctored import SECRET, Doctored
from tests.faults.sabotage import WRONG_BY_S
from tests.running import wait_until

NOWHERE = "127.0.0.1:1"


def ask(
    ill: Doctored, *arguments: str, module: str = "arxos.cli.main", **variables: str
) -> subprocess.CompletedProcess[str]:
    """The command as a process."""
    settings: Mapping[str, str] = {
        "ARXOS_DATABASE_URL": ill.settings.database_url,
        "ARXOS_BROKER_URL": ill.settings.broker_url,
        "ARXOS_CACHE_URL": ill.settings.cache_url,
        "ARXOS_BLOB_URL": ill.settings.blob_url,
        "ARXOS_JWT_SECRET": SECRET,
    }
    command = [sys.executable, "-m", *module.split(), "doctor", *arguments]
    return subprocess.run(
        command, env=os.environ | settings | variables, capture_output=True, text=True, timeout=60, check=False
    )


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stderr == ""
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def severities(told: Mapping[str, Any]) -> dict[str, str]:
    return {one["id"]: one["severity"] for one in told["findings"]}


def test_warnings_are_shown_and_do_not_change_the_exit_code(ill: Doctored) -> None:
    done = ask(ill, "--json", ARXOS_PROBES="1")
    told = document(done)
    assert (done.returncode, told["status"]) == (0, "warning")
    assert severities(told)["settings.probes"] == "warning"


def test_the_document_is_exact(ill: Doctored) -> None:
    told = document(ask(ill, "--json"))
    assert set(told) == {"status", "counts", "seconds", "findings"}
    assert set(severities(told)) == set(catalogue()) - set(OWN_FINDINGS)
    assert all(set(one) == {"id", "severity", "seen", "advice", "subject"} for one in told["findings"])
    assert sum(told["counts"].values()) == len(told["findings"])
    assert set(told["counts"]) == {"ok", "info", "skipped", "warning", "error"}


def test_any_error_is_exit_1(ill: Doctored) -> None:
    ill.job()
    done = ask(ill)
    assert (done.returncode, done.stderr) == (1, "")
    assert "error\tqueues.consumers\tmaintenance\t1 job is due in queue maintenance" in done.stdout


def test_piped_lines_are_columns_of_text(ill: Doctored) -> None:
    lines = ask(ill).stdout.splitlines()
    assert lines[0] == "severity\tid\tsubject\tseen\twhat to do"
    assert all(len(line.split("\t")) == 5 for line in lines)


def test_with_both_servers_away_the_rest_is_looked_at(ill: Doctored) -> None:
    began = time.monotonic()
    away = {
        "ARXOS_DATABASE_URL": f"postgresql://arxos:hunter2@{NOWHERE}/arxos",
        "ARXOS_BROKER_URL": f"redis://:hunter2@{NOWHERE}",
        "ARXOS_CACHE_URL": f"redis://:hunter2@{NOWHERE}",
    }
    done = ask(ill, "--json", **away)
    assert time.monotonic() - began < 20  # of which starting takes a part, on a busy machine
    told = severities(document(done))
    assert done.returncode == 1
    assert (told["redis.reachable"], told["database.reachable"], told["cache.reachable"]) == (
        "error",
        "error",
        "warning",
    )
    assert (told["redis.eviction"], told["queues.waiting"], told["cache.shared"]) == ("skipped",) * 3
    assert (told["blobs.writable"], told["celery.visibility_timeout"], told["machine.python"]) == ("ok",) * 3
    assert "hunter2" not in done.stdout


@pytest.mark.parametrize(
    ("name", "skipped"),
    [
        ("ARXOS_LOG_LEVEL", None),
        ("ARXOS_DATABASE_URL", "database.version"),
        ("ARXOS_BROKER_URL", "redis.version"),
        ("ARXOS_CACHE_URL", "cache.reachable"),
        ("ARXOS_BLOB_URL", "blobs.writable"),
    ],
)
def test_a_wrong_variable_is_named_never_shown_and_stops_only_what_needs_it(
    ill: Doctored, name: str, skipped: str | None
) -> None:
    done = ask(ill, "--json", **{name: "hunter2"})
    told = document(done)
    wrong = [one["subject"] for one in told["findings"] if (one["id"], one["severity"]) == ("settings.values", "error")]
    assert (done.returncode, wrong) == (1, [name])
    assert "hunter2" not in done.stdout
    left_out = {one for one, severity in severities(told).items() if severity == "skipped"}
    assert left_out == set() if skipped is None else skipped in left_out
    assert severities(told)["machine.python"] == "ok"


def test_no_settings_at_all(ill: Doctored) -> None:
    unset = {f"ARXOS_{name}_URL": "" for name in ("DATABASE", "BROKER", "BLOB")}
    done = ask(ill, "--json", **unset)
    named = {one["subject"] for one in document(done)["findings"] if one["id"] == "settings.values"}
    assert (done.returncode, named) == (1, set(unset))


@pytest.mark.slow
def test_a_wrong_clock_of_this_machine(ill: Doctored) -> None:
    done = ask(ill, "--json", module="tests.faults.sabotage nothing", **{WRONG_BY_S: "600"})
    assert severities(document(done))["machine.clock"] == "error"


@pytest.mark.slow
def test_running_processes_tell_their_clocks_and_are_found(ill: Doctored) -> None:
    environment = {**os.environ, "ARXOS_DATABASE_URL": ill.settings.database_url}
    for name in ("broker_url", "cache_url", "blob_url"):
        environment[f"ARXOS_{name.upper()}"] = getattr(ill.settings, name)
    launch = [sys.executable, "-m", "tests.faults.sabotage", "nothing"]
    wrong = environment | {WRONG_BY_S: "-600"}
    with (
        subprocess.Popen([*launch, "relay"], env=wrong, stderr=subprocess.DEVNULL) as relay,
        subprocess.Popen(
            [*launch, "worker", "--pool", "io", "--concurrency", "2"], env=wrong, stderr=subprocess.DEVNULL
        ) as worker,
    ):
        try:
            wait_until(lambda: len(ill.findings("processes.clocks")) == 2, "both tell their clocks")
            found = ill.findings("processes.clocks")
            assert {(one.severity, (one.subject or "").partition("@")[0]) for one in found} == {
                ("error", "relay"),
                ("error", "io"),
            }
            assert ill.verdict("relay.alive").startswith("ok")
            assert "may open 25" in ill.verdict("database.connections")
        finally:
            for process in (relay, worker):
                process.terminate()


def test_findings_can_be_asked_for_by_the_beginnings_of_their_ids(ill: Doctored) -> None:
    told = document(ask(ill, "queues.paused", "redis", "--json"))
    ids = {one["id"] for one in told["findings"]}
    assert {"queues.paused", "redis.version"} <= ids
    assert all(one.startswith(("queues.paused", "redis")) for one in ids)
    unknown = ask(ill, "colour")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "no finding begins with 'colour'" in unknown.stderr
