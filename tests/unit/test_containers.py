"""The containers run what the local stack runs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from arxos.app.settings import read_settings
from deploy import pin_images
from deploy.healthcheck import CHECKS
from deploy.local.processes import PROCESSES, Process
from deploy.make_secrets import make

ROOT = Path(__file__).resolve().parents[2]
SERVERS = {"postgres", "redis"}
BY_HAND = {"migrate"}  # ends by itself
IN_MEMORY = ("/tmp:", "/var/run/postgresql:")  # noqa: S108 - of a container


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return composed


@pytest.fixture(scope="module")
def services(composed: dict[str, Any]) -> dict[str, Any]:
    services: dict[str, Any] = composed["services"]
    return services


def test_there_is_a_container_for_each_process_and_server_and_no_other(services: dict[str, Any]) -> None:
    assert set(services) == {process.name for process in PROCESSES} | SERVERS | BY_HAND


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_container_runs_its_process_by_the_same_command(services: dict[str, Any], process: Process) -> None:
    assert services[process.name]["command"] == list(process.command)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_container_has_as_long_to_stop_as_its_process(services: dict[str, Any], process: Process) -> None:
    assert services[process.name]["stop_grace_period"] == f"{process.stop_within_s}s"


def test_every_container_is_checked_for_health(services: dict[str, Any]) -> None:
    lasting = [service for name, service in services.items() if name not in BY_HAND]
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in lasting)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_process_is_checked_by_a_check_that_exists(services: dict[str, Any], process: Process) -> None:
    *_, script, name = services[process.name]["healthcheck"]["test"]
    assert (script, name) == ("/opt/healthcheck.py", process.health)
    assert name in CHECKS


def test_the_processes_wait_for_healthy_servers(services: dict[str, Any]) -> None:
    conditions = {name: {"condition": "service_healthy"} for name in SERVERS}
    assert all(services[process.name]["depends_on"] == conditions for process in PROCESSES)


def test_no_container_can_gain_privileges_or_take_more_than_its_part(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert all(one.startswith(IN_MEMORY) and "size=" in one for one in service["tmpfs"])
        assert service["pids_limit"] > 0, name
        assert re.fullmatch(r"\$\{ARXOS_[A-Z]+_MEMORY:-\d+g\}", service["mem_limit"]), name
        assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service), name
    assert all(services[name]["user"] == "999:999" for name in SERVERS)
    assert "\nUSER 10001\n" in (ROOT / "Dockerfile").read_text()


# What each needs and no more: only the interface can issue tokens, only it and who tells webhooks can sign those.
NEEDED = {
    "api": {"database_url", "broker_url", "cache_url", "jwt_secret", "webhook_secret"},
    "relay": {"database_url", "broker_url", "cache_url"},
    "beat": {"database_url", "broker_url", "cache_url"},
    "ingress": {"database_url", "broker_url", "cache_url"},
    "worker-cpu": {"database_url", "broker_url", "cache_url"},
    "worker-io": {"database_url", "broker_url", "cache_url", "webhook_secret"},
    "flower": {"broker_url", "flower_users"},
    "migrate": {"database_url", "database_owner_url", "broker_url", "cache_url"},
    "postgres": {"postgres_password", "owner_password", "process_password"},
    "redis": {"redis_password"},
}


@pytest.mark.parametrize("name", NEEDED)
def test_a_container_knows_the_secrets_that_it_needs_from_files(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert set(service["secrets"]) == NEEDED[name]
    variables = service.get("environment", {})
    of_files = {value.removeprefix("/run/secrets/") for key, value in variables.items() if key.endswith("_FILE")}
    assert of_files == (NEEDED[name] if name != "redis" else set())
    secret = re.compile(r"(PASSWORD|SECRET|AUTH|KEYS|USERS|_URL)$")
    written = {key: value for key, value in variables.items() if secret.search(key)}
    assert set(written.values()) <= {"file:///var/lib/arxos/blobs", "postgresql://"}


def test_every_secret_is_a_file_that_the_script_makes(composed: dict[str, Any], tmp_path: Path) -> None:
    assert set(composed["secrets"]) == set().union(*NEEDED.values())
    assert set(make(tmp_path / "secrets")) == set(composed["secrets"])
    for name, secret in composed["secrets"].items():
        assert secret == {"file": f"${{ARXOS_SECRETS:-./secrets}}/{name}"}


def test_secrets_are_made_once_and_guarded_by_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make(folder)
    before = {file.name: file.read_text() for file in folder.iterdir()}
    assert make(folder) == []
    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(set(before.values())) == len(before)
    assert "secrets/\n" in (ROOT / ".gitignore").read_text()


def test_the_secrets_that_are_made_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    for name in ("database_url", "broker_url", "cache_url", "jwt_secret", "webhook_secret", "flower_users"):
        monkeypatch.setenv(f"ARXOS_{name.upper()}_FILE", str(tmp_path / name))
    monkeypatch.setenv("ARXOS_BLOB_URL", "file:///var/lib/arxos/blobs")
    settings = read_settings()
    assert settings.database_url.endswith("@postgres:5432/arxos")
    assert list(settings.flower_passwords) == ["operator"]


def test_images_are_those_of_the_list_of_digests(services: dict[str, Any]) -> None:
    tags = {variable: image.partition("@")[0] for variable, image in pin_images.read(pin_images.FILE).items()}
    named = {service["image"] for service in services.values() if service["image"] != "arxos-workers"}
    named |= {service["build"]["args"]["PYTHON_IMAGE"] for service in services.values() if "build" in service}
    assert named == {f"${{{variable}:-{tag}}}" for variable, tag in tags.items()}
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2
    assert f"ARG PYTHON_IMAGE={tags['ARXOS_PYTHON_IMAGE']}\n" in dockerfile


DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize("image", ["redis:7", "redis:7@sha256:abc", f"redis@{DIGEST}", "redis"])
def test_an_image_without_a_digest_is_refused_where_one_can_be_had(image: str) -> None:
    wrong, remarks = pin_images.check({"ARXOS_REDIS_IMAGE": image}, lambda _: DIGEST)
    assert (len(wrong), remarks) == (1, [])
    wrong, remarks = pin_images.check({"ARXOS_REDIS_IMAGE": image}, lambda _: None)
    assert (wrong, len(remarks)) == ([], 1)


def test_an_image_with_its_digest_is_good() -> None:
    assert pin_images.check({"ARXOS_REDIS_IMAGE": f"redis:7@{DIGEST}"}, lambda _: None) == ([], [])
    assert pin_images.pinned(f"redis:7@sha256:{'1' * 64}", lambda tag: DIGEST if tag == "redis:7" else None) == (
        f"redis:7@{DIGEST}"
    )
