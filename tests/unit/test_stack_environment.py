"""Whose environment the stack runs with: the caller's where he set something, else its own."""

from pathlib import Path

import pytest

from deploy.local import environment
from deploy.local.environment import choose_environment, chosen_by_caller, own_servers


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ARXOS_DATABASE_URL",
        "ARXOS_DATABASE_OWNER_URL",
        "ARXOS_BROKER_URL",
        "ARXOS_CACHE_URL",
        "ARXOS_PROBES",
        "ARXOS_BLOB_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(environment, "LOCAL", tmp_path)
    monkeypatch.setattr(environment, "_CHOSEN", tmp_path / "chosen.json")


def test_with_nothing_given_both_servers_are_our_own() -> None:
    chosen = choose_environment(while_running=False)
    assert chosen.postgres is not None
    assert chosen.redis is not None
    assert chosen.variables["ARXOS_DATABASE_URL"] == chosen.postgres.process_url()
    assert dict(chosen.owner) == {"ARXOS_DATABASE_OWNER_URL": chosen.postgres.owner_url()}
    assert "ARXOS_DATABASE_OWNER_URL" not in chosen.variables


def test_broker_and_cache_are_two_databases_of_one_server() -> None:
    variables = choose_environment(while_running=False).variables
    broker, cache = variables["ARXOS_BROKER_URL"], variables["ARXOS_CACHE_URL"]
    assert (broker[-2:], cache[-2:]) == ("/0", "/1")
    assert broker[:-2] == cache[:-2]


def test_a_database_given_is_used_and_none_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXOS_DATABASE_URL", "postgresql://me:pw@elsewhere/db")
    chosen = choose_environment(while_running=False)
    assert chosen.postgres is None
    assert chosen.redis is not None
    assert chosen.variables["ARXOS_DATABASE_URL"] == "postgresql://me:pw@elsewhere/db"
    assert chosen.owner == {}


def test_a_database_given_may_have_an_owner_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXOS_DATABASE_URL", "postgresql://me:pw@elsewhere/db")
    monkeypatch.setenv("ARXOS_DATABASE_OWNER_URL", "postgresql://owner:pw@elsewhere/db")
    chosen = choose_environment(while_running=False)
    assert chosen.owner == {"ARXOS_DATABASE_OWNER_URL": "postgresql://owner:pw@elsewhere/db"}
    assert "ARXOS_DATABASE_OWNER_URL" not in chosen.variables


def test_the_cache_goes_to_the_broker_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXOS_BROKER_URL", "rediss://:pw@elsewhere:6380/3")
    chosen = choose_environment(while_running=False)
    assert chosen.redis is None
    assert chosen.variables["ARXOS_CACHE_URL"] == "rediss://:pw@elsewhere:6380/1"


def test_what_run_env_printed_counts_as_nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    postgres, redis = own_servers()
    monkeypatch.setenv("ARXOS_DATABASE_URL", postgres.process_url())
    monkeypatch.setenv("ARXOS_DATABASE_OWNER_URL", postgres.owner_url())
    monkeypatch.setenv("ARXOS_BROKER_URL", redis.url())
    monkeypatch.setenv("ARXOS_FLOWER_URL", "http://127.0.0.1:1")
    chosen = chosen_by_caller().keys()
    assert not chosen & {"ARXOS_DATABASE_URL", "ARXOS_DATABASE_OWNER_URL", "ARXOS_BROKER_URL", "ARXOS_FLOWER_URL"}


def test_a_choice_holds_while_the_stack_runs_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXOS_PROBES", "1")
    choose_environment(while_running=False)
    monkeypatch.delenv("ARXOS_PROBES")
    assert choose_environment(while_running=True).variables["ARXOS_PROBES"] == "1"
    assert "ARXOS_PROBES" not in choose_environment(while_running=False).variables


def test_what_the_caller_sets_goes_before_what_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARXOS_PROBES", "1")
    choose_environment(while_running=False)
    monkeypatch.setenv("ARXOS_PROBES", "0")
    assert choose_environment(while_running=True).variables["ARXOS_PROBES"] == "0"
