"""What the doctor says of settings, of the machine, of Celery's settings and of the blob store."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from arxos.app.memory_limits import Memory
from arxos.app.settings import Settings
from arxos.doctor.checks.blobs import BlobFacts
from arxos.doctor.checks.configuration import ConfigurationFacts, bits
from arxos.doctor.checks.machine import MachineFacts, Package
from arxos.storage.blobs import Room
from arxos.tasks.registry import all_kinds
from arxos.workers.celery_app import build_app
from arxos.workers.celery_facts import BROKER, RESULTS, TOP, CeleryFacts, celery_facts
from tests.unit.doctor_checks import findings, verdict

RANDOM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
GOOD = ConfigurationFacts(MappingProxyType({}), probes=False, secret=RANDOM)
CELERY = Package("celery", "5.7.0", "~=5.7.0", fits=True)
MACHINE = MachineFacts(False, (3, 11), (CELERY,), Memory(16 << 30, "machine"), 4, None)
GIB = 1024**3


def test_each_wrong_variable_is_a_finding_of_its_own() -> None:
    wrong = {"log_level": "ARXOS_LOG_LEVEL: input should be 'debug'", "lease_s": "ARXOS_LEASE_S: must be at least"}
    found = findings("settings.values", replace(GOOD, wrong=wrong))
    assert [(one.severity, one.subject) for one in found] == [("error", "ARXOS_LOG_LEVEL"), ("error", "ARXOS_LEASE_S")]
    assert verdict("settings.values", GOOD).startswith("ok")


@pytest.mark.parametrize(
    ("secret", "severity"),
    [
        (None, "info"),
        ("", "info"),
        ("hunter2", "error"),
        (RANDOM[:31], "error"),
        ("change-me-change-me-change-me-change-me", "error"),
        ("a-very-long-SECRET-that-everybody-has-seen-before", "error"),
        ("a" * 64, "warning"),
        ("hunter2" * 8, "warning"),
        (RANDOM[:32], "ok"),
        (RANDOM, "ok"),
        ("k3JQ0vXr9sWf2LhT7yBpNz5cMaDgEuHi", "ok"),
    ],
)
def test_weak_secrets_are_told_of_and_never_shown(secret: str | None, severity: str) -> None:
    said = verdict("settings.jwt_secret", replace(GOOD, secret=secret))
    assert said.startswith(f"{severity}:")
    assert not secret or secret not in said
    assert not secret or secret not in repr(replace(GOOD, secret=secret))


def test_what_repeats_itself_is_worth_no_more_than_what_it_repeats() -> None:
    assert bits("ab" * 20) == bits("ab") == 2.0
    assert bits("a" * 99) == 0.0


def test_probes_are_for_tests() -> None:
    assert verdict("settings.probes", replace(GOOD, probes=True)).startswith("warning: ARXOS_PROBES=1")
    assert verdict("settings.probes", GOOD).startswith("ok")


@pytest.mark.parametrize(("root", "severity"), [(True, "warning"), (False, "ok")])
def test_root_is_too_powerful(root: bool, severity: str) -> None:
    assert verdict("machine.root", replace(MACHINE, root=root)).startswith(f"{severity}:")


@pytest.mark.parametrize(
    ("python", "severity"), [((3, 10), "error"), ((3, 11), "ok"), ((3, 14), "ok"), ((3, 15), "warning")]
)
def test_pythons_that_are_not_tested_are_told_of(python: tuple[int, int], severity: str) -> None:
    assert verdict("machine.python", replace(MACHINE, python=python)).startswith(f"{severity}:")


def test_libraries_that_are_not_those_of_this_version_are_told_of() -> None:
    old, missing = Package("kombu", "5.3.0", ">=5.7.0", fits=False), Package("redis", None, "~=7.0", fits=False)
    found = findings("machine.packages", replace(MACHINE, packages=(*MACHINE.packages, old, missing)))
    assert [one.seen for one in found] == ["kombu 5.3.0; wanted is >=5.7.0", "redis is missing; wanted is ~=7.0"]
    assert verdict("machine.packages", MACHINE) == "ok: celery 5.7.0"
    assert verdict("machine.packages", replace(MACHINE, packages=())).startswith("skipped")


@pytest.mark.parametrize(
    ("gib", "job_memory_mb", "says"),
    [
        (16, None, "ok: a job may use 3,072 MiB: 16,384 MiB (machine), 4 jobs at once"),
        (2, None, "warning: a job may use 384 MiB: 2,048 MiB (machine), 4 jobs at once"),
        (16, 4000, "ok: a job may use 4,000 MiB, as ARXOS_JOB_MEMORY_MB says: 16,384 MiB (machine), 4 at once"),
        (16, 5000, "warning: a job may use 5,000 MiB, as ARXOS_JOB_MEMORY_MB says: 16,384 MiB (machine), 4 at once"),
    ],
)
def test_memory_is_to_be_enough_for_the_jobs_at_once(gib: int, job_memory_mb: int | None, says: str) -> None:
    facts = replace(MACHINE, memory=Memory(gib << 30, "machine"), job_memory_mb=job_memory_mb)
    assert verdict("machine.memory", facts) == says


def app_with(**conf: Any) -> CeleryFacts:
    """What the real application would say with these settings."""
    app = build_app(Settings(database_url="postgresql://none", broker_url="redis://none", blob_url="file:///none"))
    app.conf.update(conf)
    return celery_facts(app, all_kinds(probes=True), 25.0)


def test_our_own_visibility_timeout_bears_the_longest_job_after_another() -> None:
    assert verdict("celery.visibility_timeout", app_with()).startswith("ok")


@pytest.mark.parametrize(
    ("conf", "severity"),
    [
        ({"broker_transport_options": {"visibility_timeout": 600}}, "error"),
        ({"broker_transport_options": {}}, "error"),  # kombu's own hour
        ({"broker_transport_options": {"visibility_timeout": 5000}}, "warning"),
        ({"visibility_timeout": 3600}, "error"),
        ({"result_backend_transport_options": {"visibility_timeout": 3600}}, "error"),
    ],
)
def test_a_timeout_that_is_too_short_anywhere_is_told_of(conf: dict[str, Any], severity: str) -> None:
    assert verdict("celery.visibility_timeout", app_with(**conf)).startswith(f"{severity}:")


def test_every_place_that_says_something_else_is_named() -> None:
    facts = CeleryFacts({BROKER: 9000.0, RESULTS: 100.0, TOP: 9000.0}, "probe.sleep", 3700.0, 25.0)
    assert verdict("celery.visibility_timeout", facts).endswith(f"{BROKER} 9000 s, {RESULTS} 100 s, {TOP} 9000 s")


@pytest.mark.parametrize(
    ("room", "severity"),
    [
        (Room(500 * GIB, 1000 * GIB), "ok"),
        (Room(50 * GIB, 1000 * GIB), "ok"),  # 5 %, but plenty
        (Room(9 * GIB, 100 * GIB), "warning"),
        (Room(1 * GIB, 100 * GIB), "error"),
        (Room(GIB // 5, GIB), "error"),
    ],
)
def test_a_disk_that_fills_up_is_told_of(room: Room, severity: str) -> None:
    assert verdict("blobs.space", BlobFacts("file", room=room)).startswith(f"{severity}:")
    assert verdict("blobs.writable", BlobFacts("file", room=room)).startswith("ok")


def test_a_store_that_cannot_be_written_is_an_error() -> None:
    full = BlobFacts("file", "blob store '/srv': no space left on device")
    assert verdict("blobs.writable", full).startswith("error: blob store '/srv'")
    assert verdict("blobs.space", full).startswith("skipped")


def test_a_store_that_this_version_does_not_know_is_an_error() -> None:
    assert verdict("blobs.store", BlobFacts("s3")).startswith("error: ARXOS_BLOB_URL: s3:// is not supported")
    assert verdict("blobs.writable", BlobFacts("s3")).startswith("skipped")
