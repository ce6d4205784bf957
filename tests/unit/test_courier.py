"""Bringing messages outside: where to, and signed how."""

import base64
import hashlib
import hmac
import socket
import time
from typing import Any
from uuid import UUID

import pytest

from arxos.domain.address_policy import parse_networks
from arxos.domain.errors import InvalidError, UnavailableError
from arxos.outside import courier as outside
from arxos.outside.courier import HttpCourier
from tests.receivers import receiving, trickling

KEY = b"k" * 32
HOOK = UUID(int=7)
LOCAL = HttpCourier(KEY, parse_networks("127.0.0.0/8,::1"))


def test_a_message_is_signed_so_that_its_receiver_can_tell() -> None:
    with receiving() as receiver:
        answer = LOCAL.deliver(HOOK, receiver.url + "?a=1", "message-1", b'{"type": "job.succeeded"}')
    [(headers, body)] = receiver.got
    assert (answer.status, body) == (200, b'{"type": "job.succeeded"}')
    key = base64.b64decode(LOCAL.secret(HOOK).removeprefix("whsec_"))
    signed = f"message-1.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == "message-1"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 10
    assert headers["host"] == receiver.url.split("/")[2]


def test_each_webhook_has_a_secret_of_its_own_and_always_the_same() -> None:
    assert LOCAL.secret(HOOK) == HttpCourier(KEY).secret(HOOK) != LOCAL.secret(UUID(int=8))
    assert HttpCourier(b"l" * 32).secret(HOOK) != LOCAL.secret(HOOK)
    with pytest.raises(InvalidError, match="ARXOS_WEBHOOK_SECRET"):
        HttpCourier(None).secret(HOOK)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001", "localhost",
     "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]",
     "[64:ff9b::7f00:1]", "127\u30020\u30020\u30021", "\uff11\uff12\uff17.0.0.1", "[::]", "[fe80::1%25lo]"],
)  # fmt: skip
def test_nothing_goes_to_this_machine_unless_that_is_allowed(host: str) -> None:
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", host)
        with pytest.raises((InvalidError, UnavailableError)):
            HttpCourier(KEY).deliver(HOOK, url, "m", b"{}")
    assert receiver.got == []


def test_a_name_that_leads_elsewhere_a_moment_later_leads_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look says an address that is allowed; whoever looked again would be sent to another."""
    looks: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != "rebind.example":
            return real(host, port, *rest, **more)
        looks.append(host)
        address = "127.0.0.2" if len(looks) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "rebind.example")
        with pytest.raises(UnavailableError):
            HttpCourier(KEY, parse_networks("127.0.0.2/32")).deliver(HOOK, url, "m", b"{}")
    assert (receiver.got, len(looks)) == ([], 1)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(InvalidError, match="lies in a network that nothing is sent to"):
        HttpCourier(KEY).deliver(HOOK, "http://two.example/", "m", b"{}")


def test_no_redirect_is_followed() -> None:
    with receiving() as other, receiving() as receiver:
        receiver.answers, receiver.location = [302], other.url
        assert LOCAL.deliver(HOOK, receiver.url, "m", b"{}").status == 302
    assert other.got == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with receiving() as receiver:
        assert LOCAL.deliver(HOOK, receiver.url, "m", b"{}").status == 200


def test_somebody_who_trickles_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "ANSWER_S", 0.5)
    began = time.monotonic()
    with trickling() as url, pytest.raises(UnavailableError, match="TimeoutError"):
        LOCAL.deliver(HOOK, url, "m", b"{}")
    assert time.monotonic() - began < 5


def test_nobody_there_is_no_verdict_on_the_address() -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        LOCAL.deliver(HOOK, "http://127.0.0.1:1/", "m", b"{}")
    with pytest.raises(UnavailableError, match="cannot be resolved"):
        LOCAL.deliver(HOOK, "http://no-such-host.invalid/", "m", b"{}")
