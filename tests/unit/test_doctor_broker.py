"""What the doctor says of Redis, by what Redis says of itself."""

from dataclasses import replace

import pytest

from arxos.doctor.checks.broker import CacheFacts
from arxos.workers.redis_facts import Reach, RedisFacts
from tests.unit.doctor_checks import findings, verdict

MIB = 1024 * 1024
GOOD = RedisFacts("a", "7.2.4", "noeviction", 10 * MIB, 100 * MIB, append_only=True, snapshots=False, failing=())


def test_a_broker_that_does_not_answer_is_an_error_in_its_own_words() -> None:
    away = Reach("the broker cannot be reached: refused")
    assert verdict("redis.reachable", away) == "error: the broker cannot be reached: refused"
    assert verdict("redis.credentials", away).startswith("skipped")


def test_refused_credentials_are_told_apart_from_a_broker_that_is_away() -> None:
    refused = Reach("the broker refuses the name or password of ARXOS_BROKER_URL (WRONGPASS)", refused=True)
    assert verdict("redis.credentials", refused).startswith("error: the broker refuses the name")
    assert verdict("redis.reachable", refused).startswith("ok")


@pytest.mark.parametrize("check", ["version", "eviction", "memory", "persistence"])
def test_who_may_not_ask_is_told_so_and_nothing_is_guessed(check: str) -> None:
    assert verdict("redis.rights", None).startswith("warning: the broker does not permit this user INFO (NOPERM)")
    assert verdict(f"redis.{check}", None) == "skipped: INFO is not permitted"


def test_a_good_broker_is_fine() -> None:
    for check in ("rights", "version", "eviction", "memory", "persistence"):
        assert verdict(f"redis.{check}", GOOD).startswith("ok")


@pytest.mark.parametrize(
    ("version", "severity"), [("6.2.14", "error"), ("7.0.15", "ok"), ("8.2.1", "ok"), ("10.0.0", "ok"), ("", "skipped")]
)
def test_redis_7_is_the_oldest(version: str, severity: str) -> None:
    assert verdict("redis.version", replace(GOOD, version=version)).startswith(f"{severity}:")


@pytest.mark.parametrize(
    ("policy", "severity"),
    [("noeviction", "ok"), ("allkeys-lru", "error"), ("allkeys-random", "error"), ("volatile-ttl", "warning")],
)
def test_evicting_is_told_of(policy: str, severity: str) -> None:
    assert verdict("redis.eviction", replace(GOOD, policy=policy)).startswith(f"{severity}:")


@pytest.mark.parametrize(("used", "severity"), [(80, "ok"), (81, "warning"), (90, "warning"), (91, "error")])
def test_memory_that_runs_out_is_told_of(used: int, severity: str) -> None:
    assert verdict("redis.memory", replace(GOOD, used_bytes=used * MIB)).startswith(
        f"{severity}: {used}.0 of 100.0 MiB"
    )


def test_memory_without_end_is_a_warning() -> None:
    assert verdict("redis.memory", replace(GOOD, limit_bytes=0)).startswith("warning: no maxmemory is set")


@pytest.mark.parametrize(
    ("snapshots", "says"),
    [(True, "warning: snapshots only"), (False, "warning: neither AOF nor snapshots"), (None, "info: appendonly no")],
)
def test_forgetting_is_told_of(snapshots: bool | None, says: str) -> None:
    assert verdict("redis.persistence", replace(GOOD, append_only=False, snapshots=snapshots)).startswith(says)


def test_a_disk_that_cannot_be_written_is_an_error() -> None:
    failing = replace(GOOD, failing=("aof_last_write_status",))
    assert verdict("redis.persistence", failing).startswith(
        "error: the broker could not write to its disk (aof_last_wri"
    )


def test_a_cache_that_is_away_is_a_warning_that_names_the_cache() -> None:
    away = Reach("the broker refuses the name or password of ARXOS_BROKER_URL (WRONGPASS)", refused=True)
    said = "warning: the cache refuses the name or password of ARXOS_CACHE_URL (WRONGPASS)"
    assert verdict("cache.reachable", away) == said
    assert verdict("cache.reachable", Reach()) == "ok: the cache answers"


@pytest.mark.parametrize(
    ("policy", "severity"), [("noeviction", "info"), ("volatile-lru", "warning"), ("allkeys-lfu", "error")]
)
def test_a_cache_on_the_brokers_server_is_as_bad_as_what_that_evicts(policy: str, severity: str) -> None:
    same = replace(GOOD, policy=policy)
    assert verdict("cache.shared", CacheFacts(same, same)).startswith(f"{severity}: cache and broker share one server")


def test_a_cache_of_its_own_may_evict() -> None:
    assert verdict("cache.shared", CacheFacts(GOOD, replace(GOOD, server="b", policy="allkeys-lru"))).startswith("ok")
    assert findings("cache.shared", CacheFacts(GOOD, None))[0].severity == "skipped"
