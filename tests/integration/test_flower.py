"""Flower as a process: who gets in, at every address that it has."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from deploy.local.ports import free_port
from tests.running import wait_until

PASSWORD = "a password of the tests"
PAGES = (
    "/",
    "/workers",
    "/tasks",
    "/broker",
    "/api/workers",
    "/metrics",
    "/static/css/flower.css",
    "/login",
    "/nothing",
)


@contextmanager
def flower(redis: str, address: str, **variables: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Flower on this broker, and a client that has not signed in."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARXOS_", "FLOWER_"))}
    needed = {"ARXOS_DATABASE_URL": "postgresql://", "ARXOS_BROKER_URL": redis, "ARXOS_BLOB_URL": "file:///dev/null"}
    command = [sys.executable, "-m", "arxos.cli.main", "flower", "--address", address, "--port", str(port)]
    process = subprocess.Popen(
        command, env=kept | needed | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        try:
            yield client, process
        finally:
            process.terminate()


def answers(client: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return client.get("/healthcheck").status_code == 200
    return False


def said_by(process: subprocess.Popen[str]) -> str:
    process.terminate()
    said, _ = process.communicate(timeout=30)
    return said


def test_flower_that_others_reach_asks_for_a_sign_in_everywhere(redis: str) -> None:
    with flower(redis, "0.0.0.0", ARXOS_FLOWER_USERS=f"ada:{PASSWORD}") as (client, process):  # noqa: S104
        wait_until(lambda: answers(client), "Flower")
        for page in PAGES:
            refused = client.get(page)
            assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic"), page
            assert client.post(page).status_code == 401, page
            assert client.get(page, auth=("ada", "another password")).status_code in {401, 429}, page
        assert client.get("/workers", auth=("ada", PASSWORD)).status_code == 200
        assert PASSWORD not in (said := said_by(process))
        assert "asks for a sign-in: 1 users of ARXOS_FLOWER_USERS" in said


def test_flower_that_only_this_machine_reaches_says_that_it_asks_nobody(redis: str) -> None:
    with flower(redis, "127.0.0.1") as (client, process):
        wait_until(lambda: answers(client), "Flower")
        assert client.get("/workers").status_code == 200
        assert client.get("/workers", headers={"Host": "evil.example"}).status_code == 403
        assert "asks for no sign-in: only this machine reaches it" in said_by(process)


def test_a_trusted_proxy_may_sign_people_in(redis: str) -> None:
    variables = {"ARXOS_FLOWER_USER_HEADER": "X-Forwarded-User", "ARXOS_TRUSTED_PROXIES": "127.0.0.1"}
    with flower(redis, "0.0.0.0", **variables) as (client, _):  # noqa: S104
        wait_until(lambda: answers(client), "Flower")
        assert client.get("/workers").status_code == 403
        assert client.get("/workers", headers={"X-Forwarded-User": "ada"}).status_code == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])  # noqa: S104
def test_flower_that_would_ask_nobody_does_not_start_where_others_reach_it(redis: str, address: str) -> None:
    with flower(redis, address) as (_, process):
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert said.startswith(f"arxos: ARXOS_FLOWER_USERS: Flower at {address} must ask for a sign-in")
        assert said.count("\n") == 1
