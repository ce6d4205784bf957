"""Where nobody can say what was revoked, no token opens anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg.sql import SQL, Identifier

from tests.http import Api, problem_of, running_api
from tests.running import wait_until


@contextmanager
def no_database(url: str) -> Iterator[None]:
    """Nobody is connected to it, and nobody can connect."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)))
        try:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            server.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(Identifier(name)))


def kinds(served: Api) -> httpx.Response:
    """What asks no database for anything."""
    return served.viewer.get("/api/kinds")


def test_tokens_open_nothing_while_it_cannot_be_asked_what_was_revoked(api: Api, tmp_path: Path) -> None:
    """Also what needs no database; first what was heard lately is believed for some seconds."""
    with running_api(api.world.variables, tmp_path) as served:
        assert kinds(served).status_code == 200
        with no_database(api.world.variables["ARXOS_DATABASE_URL"]):
            assert kinds(served).status_code == 200
            wait_until(lambda: kinds(served).status_code == 503, "tokens to open nothing")
            refused = kinds(served)
            assert "which tokens were revoked" in problem_of(refused, 503)["detail"]
            assert int(refused.headers["retry-after"]) >= 1
            assert served.nobody.get("/health/live").status_code == 200
            assert served.bearing("x.y.z").get("/api/kinds").status_code == 401
        wait_until(lambda: kinds(served).status_code == 200, "tokens to open doors again")


def test_a_process_that_begins_then_believes_no_token(api: Api, tmp_path: Path) -> None:
    with (
        no_database(api.world.variables["ARXOS_DATABASE_URL"]),
        running_api(api.world.variables, tmp_path) as served,
    ):
        problem_of(served.viewer.get("/api/kinds"), 503)
