"""The environment of the local stack: what the caller set, and our own for the rest."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.checkout import LOCAL
from deploy.local.ports import keep_ports
from deploy.local.postgres import Postgres
from deploy.local.private_files import keep_secret, write_private
from deploy.local.redis_server import Redis

PORTS = ("postgres", "redis", "api", "flower", "supervisor")
_OURS_ALONE = frozenset(
    {"ARXOS_API_URL", "ARXOS_API_PORT", "ARXOS_FLOWER_URL", "ARXOS_FLOWER_PORT", "ARXOS_ADMIN_TOKEN"}
)
OWNER = "ARXOS_DATABASE_OWNER_URL"
_CHOSEN = LOCAL / "chosen.json"
_RUNNING = LOCAL / "environment.json"


@dataclass(frozen=True, slots=True)
class StackEnvironment:
    """`variables` for the processes; the servers of our own, where the caller has named none.

    `owner`: of the database's schema, which only migrations connect as.
    """

    variables: Mapping[str, str]
    owner: Mapping[str, str]
    postgres: Postgres | None
    redis: Redis | None


def choose_environment(*, while_running: bool) -> StackEnvironment:
    """What the stack is to run with: while it runs, what was chosen for it before, unless the caller sets it anew."""
    postgres, redis = own_servers()
    remembered = _read(_CHOSEN) if while_running else {}
    chosen = remembered | chosen_by_caller()
    write_private(_CHOSEN, json.dumps(chosen))
    broker = chosen.get("ARXOS_BROKER_URL") or redis.url(0)
    ours = {
        "ARXOS_DATABASE_URL": postgres.process_url(),
        "ARXOS_BROKER_URL": broker,
        "ARXOS_CACHE_URL": _cache_beside(broker),
        "ARXOS_BLOB_URL": (LOCAL / "blobs").as_uri(),
        "ARXOS_JWT_SECRET": keep_secret(LOCAL / "jwt.secret"),
        "ARXOS_LOG_FORMAT": "json",
        **addresses(),
    }
    given = "ARXOS_DATABASE_URL" in chosen
    owner = chosen.pop(OWNER, "" if given else postgres.owner_url())
    return StackEnvironment(
        variables=ours | chosen,
        owner={OWNER: owner} if owner else {},
        postgres=None if given else postgres,
        redis=None if "ARXOS_BROKER_URL" in chosen else redis,
    )


def chosen_by_caller() -> dict[str, str]:
    """The ARXOS_ variables that the caller set, less those that only repeat what `./run env` printed."""
    postgres, redis = own_servers()
    own = {_credentials(url) for url in (postgres.url(), postgres.owner_url(), postgres.process_url(), redis.url())}
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("ARXOS_") and value and name not in _OURS_ALONE and _credentials(value) not in own
    }


def own_servers() -> tuple[Postgres, Redis]:
    """The private servers of the stack. They may or may not run."""
    ports = keep_ports(LOCAL / "ports.json", PORTS)
    return Postgres(LOCAL, ports["postgres"]), Redis(LOCAL, ports["redis"])


def addresses() -> dict[str, str]:
    """Where people and services find the stack."""
    ports = keep_ports(LOCAL / "ports.json", PORTS)
    urls = {f"ARXOS_{name.upper()}_URL": f"http://127.0.0.1:{ports[name]}" for name in ("api", "flower")}
    return urls | {f"ARXOS_{name.upper()}_PORT": str(ports[name]) for name in ("api", "flower")}


def remember_running(variables: Mapping[str, str]) -> None:
    """Note what the stack was started with, for `read_running`."""
    write_private(_RUNNING, json.dumps(dict(variables)))


def read_running() -> dict[str, str]:
    """What the stack was started with last; empty before the first time."""
    return _read(_RUNNING)


def _cache_beside(broker: str) -> str:
    """The broker's server, database 1; a sentinel's name cannot be changed like that, and is used as it is."""
    parts = urlsplit(broker)
    return parts._replace(path="/1").geturl() if parts.scheme in {"redis", "rediss"} else broker


def _credentials(url: str) -> str | None:
    return urlsplit(url).password if "://" in url else None


def _read(file: Path) -> dict[str, str]:
    variables: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return variables
