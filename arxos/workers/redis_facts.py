"""What a Redis tells of itself, for whoever wonders whether it is fit to carry jobs."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, ResponseError
from redis.retry import Retry

from arxos.domain.errors import UnavailableError
from arxos.storage.redis_address import redis_client
from arxos.workers.broker_words import BROKER_ERRORS, refuses_credentials, words_for

TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a server answers us. `problem`: why not, in words; `refused`: it knows neither our name nor password."""

    problem: str | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """One server. Sizes in bytes; `limit_bytes` 0: none."""

    server: str  # its name for this run: two addresses with the same one lead to the same server
    version: str
    policy: str
    used_bytes: int
    limit_bytes: int
    append_only: bool
    snapshots: bool | None  # whether it saves now and then; None: it does not tell
    failing: tuple[str, ...]  # what of its writing to disk failed last


def redis_reach(url: str) -> Reach:
    """Knock."""
    try:
        with _client(url) as client:
            client.ping()
    except BROKER_ERRORS as error:
        return Reach(words_for(error), refuses_credentials(error))
    return Reach()


def redis_facts(url: str) -> RedisFacts | None:
    """Ask; None where this user may not. Raises UnavailableError."""
    try:
        with _client(url) as client:
            return _facts(client.info(), snapshots=_snapshots(client))
    except NoPermissionError:
        return None
    except BROKER_ERRORS as error:
        raise UnavailableError(words_for(error)) from error


def _facts(info: Mapping[str, Any], *, snapshots: bool | None) -> RedisFacts:
    return RedisFacts(
        server=str(info.get("run_id", "")),
        version=str(info.get("redis_version", "")),
        policy=str(info.get("maxmemory_policy", "")),
        used_bytes=int(info.get("used_memory", 0)),
        limit_bytes=int(info.get("maxmemory", 0)),
        append_only=bool(info.get("aof_enabled", 0)),
        snapshots=snapshots,
        failing=tuple(
            name
            for name in ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")
            if info.get(name, "ok") != "ok"
        ),
    )


def _snapshots(client: Redis) -> bool | None:
    """Only its configuration tells, which users of few rights may not read."""
    with suppress(ResponseError):
        settings: Any = client.config_get("save")  # typed for asyncio, too
        return bool(settings.get("save"))
    return None


def _client(url: str) -> Redis:
    """One that gives up at the first failure."""
    client = redis_client(url, timeout_s=TIMEOUT_S, name="arxos-doctor")
    client.set_retry(Retry(NoBackoff(), 0))
    return client
