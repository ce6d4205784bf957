"""Addresses of Redis: what they may say, what Celery is told of them, how wrong ones are refused."""

from pathlib import Path

import pytest

from arxos.storage.redis_address import RedisAddress, parse_address, redis_client
from arxos.workers.celery_app import TRANSPORT_OPTIONS, broker_settings


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    (tmp_path / "ca.pem").touch()
    return tmp_path / "ca.pem"


def test_a_plain_address() -> None:
    assert parse_address("redis://u:p%40%2Fw@h/3") == RedisAddress((("h", 6379),), 3, "u", "p@/w")
    assert parse_address("redis://[::1]:1").hosts == (("::1", 1),)


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://u:pw@h1:1,h2,h3:3/2?master=m&sentinel_password=s",
        "sentinel://u:pw@h1:1/2;sentinel://u:pw@h2/2;sentinel://h3:3/2?master_name=m&sentinel_password=s",
    ],
)
def test_sentinels_in_both_forms(url: str) -> None:
    address = parse_address(url)
    hosts = (("h1", 1), ("h2", 26379), ("h3", 3))
    assert address == RedisAddress(hosts, 2, "u", "pw", "m", sentinel={"password": "s"})
    told = broker_settings(url, "arxos-x")
    assert told["broker_url"] == "sentinel://u:pw@h1:1/2;sentinel://u:pw@h2:26379/2;sentinel://u:pw@h3:3/2"
    options = told["broker_transport_options"]
    assert (options["master_name"], options["client_name"]) == ("m", "arxos-x")
    assert options["sentinel_kwargs"] == {"password": "s", "socket_timeout": 1.0, "socket_connect_timeout": 1.0}
    assert options.items() >= TRANSPORT_OPTIONS.items()


def test_certificates_are_verified_unless_told_otherwise(ca: Path) -> None:
    assert parse_address("rediss://h").tls == {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    url = f"rediss://:pw@h:1/0?ssl_ca_certs={ca}"
    assert broker_settings(url, "x")["broker_use_ssl"] == {
        "ssl_cert_reqs": "required",
        "ssl_ca_certs": str(ca),
        "ssl_check_hostname": True,
    }
    assert broker_settings(url, "x")["broker_url"] == "rediss://:pw@h:1/0"
    assert parse_address("rediss://h?ssl_cert_reqs=CERT_NONE").tls == {
        "ssl_cert_reqs": "none",
        "ssl_check_hostname": False,
    }


def test_tls_to_sentinels_and_master_alike(ca: Path) -> None:
    told = broker_settings(f"sentinel://h/0?tls=on&ssl_ca_certs={ca}", "x")
    tls = {"ssl_cert_reqs": "required", "ssl_ca_certs": str(ca), "ssl_check_hostname": True}
    assert told["broker_use_ssl"] == tls
    assert told["broker_transport_options"]["sentinel_kwargs"].items() >= {"ssl": True, **tls}.items()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("amqp://hunter2@h", "must start with redis:// or rediss:// or sentinel://"),
        ("", "must start with"),
        ("redis://:hunter2/x@h/0", "not quoted"),
        ("redis://:hunter2#x@h/0", "not quoted"),
        ("redis://:[hunter2@h/0", "is not an address"),
        ("redis://h:hunter2/0", "port"),
        ("redis://h:70000/0", "port"),
        ("redis://h/hunter2", "number of a database"),
        ("redis://h,hunter2/0", "sentinel://"),
        ("redis://h/0?hunter2=1", "unknown option"),
        ("redis://h/0?ssl_cert_reqs=none", "unknown option"),
        ("rediss://h/0?ssl_cert_reqs=hunter2", "required or optional or none"),
        ("rediss://h/0?ssl_ca_certs=/no/hunter2", "ssl_ca_certs names no file"),
        ("sentinel://h/0?ssl_cert_reqs=none", "without tls=on"),
        ("sentinel://h/0?tls=hunter2", "tls must be on or off"),
    ],
)
def test_a_wrong_address_is_refused_in_words_that_hold_no_password(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        parse_address(url)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_an_address_shows_no_password() -> None:
    assert "hunter2" not in repr(parse_address("sentinel://:hunter2@h?sentinel_password=hunter2"))


def test_a_client_says_who_it_is() -> None:
    options = redis_client("redis://u:p@h:1/2", timeout_s=1.5, name="arxos-x").connection_pool.connection_kwargs
    wanted = {"host": "h", "port": 1, "db": 2, "username": "u", "password": "p", "client_name": "arxos-x"}
    assert options.items() >= {**wanted, "socket_timeout": 1.5, "socket_connect_timeout": 1.5}.items()
