"""Who may look at Flower."""

from base64 import b64encode
from ipaddress import ip_network

import pytest
from pydantic import SecretStr

from arxos.app.settings import Settings, parse_users
from arxos.domain.errors import InvalidError
from arxos.workers.flower_gate import FAILURES, Gate, gate_of

PASSWORD = "a long password"
PROXY = "10.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens


def settings(**given: object) -> Settings:
    urls = {"database_url": "postgresql://", "broker_url": "redis://127.0.0.1:1", "blob_url": "file:///dev/null"}
    return Settings(**(urls | given))  # type: ignore[arg-type]


def as_user(name: str, password: str, scheme: str = "Basic") -> dict[str, str]:
    return {"Authorization": f"{scheme} {b64encode(f'{name}:{password}'.encode()).decode()}"}


def status(gate: Gate, headers: dict[str, str], peer: str = "192.0.2.1") -> int | None:
    refused = gate.refusal(peer, {"Host": "flower.example", **headers})
    return None if refused is None else refused.status


@pytest.mark.parametrize("address", [EVERYWHERE, "", "::", "192.0.2.7", "flower.example", "::ffff:192.0.2.7"])
def test_flower_does_not_start_where_others_could_look_unasked(address: str) -> None:
    with pytest.raises(InvalidError, match=r"^ARXOS_FLOWER_USERS: Flower at .* must ask for a sign-in"):
        gate_of(settings(), address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_on_this_machine_alone_nobody_is_asked(address: str) -> None:
    gate = gate_of(settings(), address)
    assert gate.in_words() == "asks for no sign-in: only this machine reaches it"
    for host in ("127.0.0.1:5555", "localhost", "[::1]:5555"):
        assert gate.refusal("127.0.0.1", {"Host": host}) is None


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5555", "", "127.0.0.1.evil.example", "192.0.2.1"])
def test_no_page_elsewhere_reads_it_under_a_name_of_its_own(host: str) -> None:
    assert status(gate_of(settings(), "127.0.0.1"), {"Host": host}, "127.0.0.1") == 403


def test_users_are_known_by_their_passwords() -> None:
    gate = gate_of(settings(flower_users=SecretStr(f"ada:{PASSWORD},bob:another:password")), EVERYWHERE)
    assert gate.in_words() == "asks for a sign-in: 2 users of ARXOS_FLOWER_USERS"
    assert PASSWORD not in gate.in_words()
    assert status(gate, as_user("ada", PASSWORD)) is None
    assert status(gate, as_user("ada", PASSWORD, "basic")) is None
    assert status(gate, as_user("bob", "another:password")) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        as_user("ada", "another password"),
        as_user("ada", ""),
        as_user("eve", PASSWORD),
        as_user("", ""),
        as_user("eve", ""),
        as_user("ada", PASSWORD, "Bearer"),
        {"Authorization": "Basic"},
        {"Authorization": "Basic é"},
        {"Authorization": "Basic /w=="},
        {"X-Forwarded-User": "ada"},
    ],
    ids=range(11),
)
def test_nobody_else_is_let_in(headers: dict[str, str]) -> None:
    gate = gate_of(settings(flower_users=SecretStr(f"ada:{PASSWORD}")), EVERYWHERE)
    refused = gate.refusal("192.0.2.1", headers)
    assert refused is not None
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_whoever_guesses_passwords_waits_and_nobody_else() -> None:
    gate = gate_of(settings(flower_users=SecretStr(f"ada:{PASSWORD}")), EVERYWHERE)
    tries = [status(gate, as_user("ada", f"guess {number}")) for number in range(FAILURES.amount + 3)]
    assert tries == [401] * FAILURES.amount + [429] * 3
    assert status(gate, as_user("ada", PASSWORD)) == 429
    assert status(gate, as_user("ada", PASSWORD), "192.0.2.2") is None


def test_a_proxy_names_whom_it_has_signed_in() -> None:
    gate = gate_of(settings(flower_user_header="X-Forwarded-User", trusted_proxies=PROXY), EVERYWHERE)
    assert gate.in_words() == "asks for a sign-in: whom a proxy names in X-Forwarded-User"
    assert status(gate, {"X-Forwarded-User": "ada"}, PROXY) is None
    assert status(gate, {"X-Forwarded-User": "ada"}) == 403  # said by anybody
    assert status(gate, {"X-Forwarded-User": " "}, PROXY) == 403
    assert status(gate, {}, PROXY) == 403


def test_a_header_that_anybody_could_send_is_refused_at_the_start() -> None:
    with pytest.raises(InvalidError, match="ARXOS_FLOWER_USER_HEADER: needs ARXOS_TRUSTED_PROXIES"):
        gate_of(settings(flower_user_header="X-Forwarded-User"), "127.0.0.1")


@pytest.mark.parametrize("listed", ["ada", "ada:short", ":a long password", f"ada:{PASSWORD},bob"])
def test_a_user_without_a_good_password_is_refused_and_not_repeated(listed: str) -> None:
    with pytest.raises(ValueError, match=r"user \d: needs name:password") as refusal:
        parse_users(listed)
    assert "short" not in str(refusal.value)
    assert PASSWORD not in str(refusal.value)


def test_networks_of_proxies_are_networks() -> None:
    gate = gate_of(settings(flower_user_header="X-User", trusted_proxies="10.0.0.0/8, ::1"), EVERYWHERE)
    assert gate.proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
