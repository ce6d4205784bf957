"""What the environment decides, and how it is refused."""

import pytest

from arxos.app.settings import read_settings
from arxos.domain.errors import InvalidError

GOOD = {
    "ARXOS_DATABASE_URL": "postgresql://arxos:hunter2@localhost/arxos",
    "ARXOS_BROKER_URL": "redis://:hunter2@localhost/0",
    "ARXOS_BLOB_URL": "file:///tmp/blobs",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    for name in ("CACHE_URL", "PROBES", "LOG_LEVEL", "LEASE_S", "HEARTBEAT_S", "JWT_SECRET"):
        monkeypatch.delenv(f"ARXOS_{name}", raising=False)
    return monkeypatch


def test_three_addresses_are_enough() -> None:
    settings = read_settings()
    assert settings.database_url == GOOD["ARXOS_DATABASE_URL"]
    assert (settings.probes, settings.jwt_secret) == (False, None)


def test_the_cache_is_the_brokers_redis_unless_named(environment: pytest.MonkeyPatch) -> None:
    assert read_settings().cache_url == GOOD["ARXOS_BROKER_URL"]
    environment.setenv("ARXOS_CACHE_URL", "redis://localhost/1")
    assert read_settings().cache_url == "redis://localhost/1"


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_address_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(InvalidError, match=rf"^{name}: field required$"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ARXOS_DATABASE_URL", "mysql://hunter2@localhost"),
        ("ARXOS_DATABASE_URL", ""),
        ("ARXOS_BROKER_URL", "amqp://hunter2@localhost"),
        ("ARXOS_CACHE_URL", "memcached://hunter2"),
        ("ARXOS_BLOB_URL", "/srv/hunter2"),
        ("ARXOS_LOG_LEVEL", "hunter2"),
        ("ARXOS_LOG_FORMAT", "hunter2"),
        ("ARXOS_PROBES", "hunter2"),
        ("ARXOS_QUEUE_DEPTH", "0"),
        ("ARXOS_LEASE_S", "-1"),
        ("ARXOS_HEARTBEAT_S", "hunter2"),
        ("ARXOS_MODEL_LIMIT_MB", "0"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_the_variable_not_the_value(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(InvalidError) as refusal:
        read_settings()
    message = str(refusal.value)
    assert message.startswith(f"{name}: ")
    assert "hunter2" not in message
    assert "\n" not in message


def test_every_wrong_variable_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ARXOS_LOG_LEVEL", "loud")
    environment.delenv("ARXOS_BROKER_URL")
    with pytest.raises(InvalidError, match=r"ARXOS_BROKER_URL: .*; ARXOS_LOG_LEVEL: "):
        read_settings()


def test_a_lease_must_outlive_a_missed_heartbeat(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ARXOS_HEARTBEAT_S", "5")
    with pytest.raises(InvalidError, match=r"^ARXOS_LEASE_S: must be at least three times ARXOS_HEARTBEAT_S$"):
        read_settings()


def test_addresses_and_secrets_are_not_printed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ARXOS_JWT_SECRET", "hunter2" * 8)
    environment.setenv("ARXOS_CACHE_URL", "redis://:hunter2@localhost/1")
    assert "hunter2" not in repr(read_settings())
    assert "hunter2" not in str(read_settings())


@pytest.mark.parametrize(("value", "probes"), [("1", True), ("0", False), ("true", True)])
def test_probes_are_switched_on_by_one(environment: pytest.MonkeyPatch, value: str, probes: bool) -> None:
    environment.setenv("ARXOS_PROBES", value)
    assert read_settings().probes is probes
