"""The cache on Redis. It may lose anything at any time; who reads it can always compute the answer again."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from arxos.domain.errors import UnavailableError
from arxos.domain.ports import Cache
from arxos.storage.redis_address import redis_client

NAMESPACE = "arxos:cache:"  # the cache may share its Redis with the broker
TIMEOUT_S = 2.0  # a cache that takes longer than the computation is none
BATCH = 500
DEFAULT_TTL_S = 7 * 24 * 3600  # answers on old revisions are never asked for again: they go by themselves


class RedisCache:
    """See `arxos.domain.ports.Cache`. Connects at the first use; may be built before a fork."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._redis = redis_client(url, timeout_s=timeout_s, name="arxos-cache")
        # Once more on a fresh connection where the old one was closed; whoever does not answer is not asked again.
        self._redis.set_retry(Retry(NoBackoff(), 1, (NoConnectionError,)))

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


@dataclass(slots=True)
class RestingCache:
    """A cache that is left alone for `rest_s` seconds after it was away: readers wait for it once, not each of them.

    One of those who come after that asks it again; the others go on without it until it has answered.
    """

    cache: Cache
    rest_s: float = 5.0
    clock: Callable[[], float] = time.monotonic
    _away: bool = False
    _rests_until: float = 0.0
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get(self, key: str) -> bytes | None:
        with self._asked():
            return self.cache.get(key)

    def put_many(self, values: Mapping[str, bytes], *, ttl_s: int | None = None) -> None:
        with self._asked():
            self.cache.put_many(values, ttl_s=ttl_s)

    def delete_prefix(self, prefix: str) -> None:
        with self._asked():
            self.cache.delete_prefix(prefix)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        with self._guard:
            if self._away and self.clock() < self._rests_until:
                raise UnavailableError("the cache did not answer a moment ago, and is left alone")
            self._rests_until = self.clock() + self.rest_s
        try:
            yield
        except UnavailableError:
            with self._guard:
                self._away, self._rests_until = True, self.clock() + self.rest_s
            raise
        self._away = False


@contextmanager
def _answering() -> Iterator[None]:
    """Redis away, restarting, full or read-only: all the same to who reads through a cache."""
    try:
        yield
    except RedisError as error:
        raise UnavailableError(f"the cache does not answer: {error}") from error
