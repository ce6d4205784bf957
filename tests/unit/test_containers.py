"""The containers run what the local stack runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.healthcheck import CHECKS
from deploy.local.processes import PROCESSES, Process

ROOT = Path(__file__).resolve().parents[2]
SERVERS = {"postgres", "redis"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services: dict[str, Any] = composed["services"]
    return services


def test_there_is_a_container_for_each_process_and_server_and_no_other(services: dict[str, Any]) -> None:
    assert set(services) == {process.name for process in PROCESSES} | SERVERS


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_container_runs_its_process_by_the_same_command(services: dict[str, Any], process: Process) -> None:
    assert services[process.name]["command"] == list(process.command)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_container_has_as_long_to_stop_as_its_process(services: dict[str, Any], process: Process) -> None:
    assert services[process.name]["stop_grace_period"] == f"{process.stop_within_s}s"


def test_every_container_is_checked_for_health(services: dict[str, Any]) -> None:
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in services.values())


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_process_is_checked_by_a_check_that_exists(services: dict[str, Any], process: Process) -> None:
    *_, script, name = services[process.name]["healthcheck"]["test"]
    assert (script, name) == ("/opt/healthcheck.py", process.health)
    assert name in CHECKS


def test_the_processes_wait_for_healthy_servers(services: dict[str, Any]) -> None:
    conditions = {name: {"condition": "service_healthy"} for name in SERVERS}
    assert all(services[process.name]["depends_on"] == conditions for process in PROCESSES)


def test_no_container_of_ours_can_gain_privileges(services: dict[str, Any]) -> None:
    assert all(services[process.name]["cap_drop"] == ["ALL"] for process in PROCESSES)
    assert "\nUSER 10001\n" in (ROOT / "Dockerfile").read_text()


def test_no_password_is_written_down(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service["environment"].items():
            if name.endswith(("PASSWORD", "SECRET", "AUTH")):
                assert value.startswith("${")
                assert value.endswith(":?}")
