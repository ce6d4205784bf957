"""The cache on Redis. It may lose anything at any time; who reads it can always compute the answer again."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from redis.exceptions import RedisError

from arxos.domain.errors import UnavailableError
from arxos.storage.redis_address import redis_client

NAMESPACE = "arxos:cache:"  # the cache may share its Redis with the broker
TIMEOUT_S = 2.0  # a cache that takes longer than the computation is none
BATCH = 500
DEFAULT_TTL_S = 7 * 24 * 3600  # answers on old revisions are never asked for again: they go by themselves


class RedisCache:
    """See `arxos.domain.ports.Cache`. Connects at the first use; may be built before a fork."""

    def __init__(self, url: str) -> None:
        self._redis = redis_client(url, timeout_s=TIMEOUT_S, name="arxos-cache")

    def get(self, key: str) -> bytes | None:
        with _answering():
            value: bytes | None = self._redis.get(NAMESPACE + key)  # type: ignore[assignment]  # bytes: decode_responses is off
        return value

    def put_many(self, values: Mapping[str, bytes], *, ttl_s: int | None = None) -> None:
        with _answering(), self._redis.pipeline(transaction=False) as pipeline:
            for key, value in values.items():
                pipeline.set(NAMESPACE + key, value, ex=ttl_s or DEFAULT_TTL_S)
            pipeline.execute()

    def delete_prefix(self, prefix: str) -> None:
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", NAMESPACE + prefix) + "*"
        with _answering():
            found: list[bytes] = []
            for key in self._redis.scan_iter(match=pattern, count=BATCH):
                found.append(key)
                if len(found) == BATCH:
                    self._redis.unlink(*found)
                    found.clear()
            if found:
                self._redis.unlink(*found)


@contextmanager
def _answering() -> Iterator[None]:
    """Redis away, restarting, full or read-only: all the same to who reads through a cache."""
    try:
        yield
    except RedisError as error:
        raise UnavailableError(f"the cache does not answer: {error}") from error
