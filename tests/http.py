"""The HTTP interface as a process, for tests: `Api` has a client for each role."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from arxos.app.tokens import issue
from arxos.domain.access import Role
from tests.running import Client, wait_until

SECRET = "a secret of the tests' own, long enough"


@dataclass
class Api:
    """A running interface. `world`: behind its back; `as_(role)`: a client with such a token."""

    url: str
    world: Client
    process: subprocess.Popen[bytes]
    log: Path
    clients: list[httpx.Client] = field(default_factory=list)

    def as_(self, role: Role, subject: str | None = None) -> httpx.Client:
        """A client with a token of this role; the subject is named after the role unless it is named."""
        return self.bearing(issue(SECRET, subject or f"test-{role}", role, 3600))

    def bearing(self, token: str) -> httpx.Client:
        """A client with this token; it is closed at the end."""
        return self._client({"Authorization": f"Bearer {token}"})

    @cached_property
    def viewer(self) -> httpx.Client:
        return self.as_(Role.VIEWER)

    @cached_property
    def editor(self) -> httpx.Client:
        return self.as_(Role.EDITOR)

    @cached_property
    def admin(self) -> httpx.Client:
        return self.as_(Role.ADMIN)

    @cached_property
    def root(self) -> httpx.Client:
        return self.as_(Role.SUPER_ADMIN)

    @cached_property
    def nobody(self) -> httpx.Client:
        return self._client({})

    def _client(self, headers: dict[str, str]) -> httpx.Client:
        self.clients.append(httpx.Client(base_url=self.url, headers=headers, timeout=30))
        return self.clients[-1]


@contextmanager
def running_api(variables: Mapping[str, str], folder: Path, *, workers: int = 1, secret: str = SECRET) -> Iterator[Api]:
    """The interface on these servers, until the block ends."""
    environment = {**variables, "ARXOS_JWT_SECRET": secret, "ARXOS_PROBES": "1"}
    port, log = free_port(), folder / "api.log"
    command = [sys.executable, "-m", "arxos.cli.main", "api", "--port", str(port), "--workers", str(workers)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=_clean() | environment, stdout=output, stderr=output)
    api = Api(f"http://127.0.0.1:{port}", Client(dict(environment)), process, log)
    try:
        wait_until(lambda: _answers(api), f"the HTTP interface, see {log}", 110)
        yield api
    finally:
        for client in api.clients:
            client.close()
        api.world.runtime.database.close()
        process.terminate()
        process.wait(20)


def problem_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal, whose form is held against RFC 9457 as well."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:arxos:problem:")
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _answers(api: Api) -> bool:
    assert api.process.poll() is None, api.log.read_text()
    with suppress(httpx.TransportError):
        return api.nobody.get("/health/live").status_code == 200
    return False


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ARXOS_")}
