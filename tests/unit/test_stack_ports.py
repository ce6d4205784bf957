"""Ports that are free, stay the same, and are given up when taken."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import free_port, is_free, keep_ports, replace_taken_ports

NAMES = ("postgres", "redis")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_port_somebody_listens_on_is_not_free(listener: socket.socket) -> None:
    assert not is_free(listener.getsockname()[1])


def test_a_chosen_port_is_free_and_no_standard_one() -> None:
    port = free_port()
    assert is_free(port)
    assert port >= 20_000


def test_a_port_is_not_given_away_twice() -> None:
    almost_all = frozenset(range(20_000, 31_990))
    assert free_port(almost_all) not in almost_all


def test_ports_stay_the_same_when_asked_again(tmp_path: Path) -> None:
    first = keep_ports(tmp_path / "ports.json", NAMES)
    assert keep_ports(tmp_path / "ports.json", NAMES) == first
    assert len(set(first.values())) == len(NAMES)


def test_a_new_name_gets_a_port_and_the_old_ones_keep_theirs(tmp_path: Path) -> None:
    first = keep_ports(tmp_path / "ports.json", NAMES)
    assert keep_ports(tmp_path / "ports.json", (*NAMES, "api")).items() >= first.items()


def test_a_port_that_somebody_else_took_is_replaced_and_only_that(tmp_path: Path, listener: socket.socket) -> None:
    file, taken, kept = tmp_path / "ports.json", listener.getsockname()[1], free_port()
    file.write_text(json.dumps({"postgres": taken, "redis": kept}))
    ports = replace_taken_ports(file, NAMES)
    assert ports["redis"] == kept
    assert ports["postgres"] != taken
