"""The queue that plain Celery producers write to, read without taking: what was committed is removed afterwards.

A message stays in Redis until the ledger holds its job, or the quarantine its refusal. Whoever is killed in between
leaves it there, and its id makes the same job again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from arxos.domain.errors import UnavailableError
from arxos.storage.broker_messages import PRIORITIES
from arxos.storage.redis_address import redis_client

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_S = 10.0
# kombu adds at the left and takes at the right: the oldest lie there. Of one that is too large only its head leaves
# Redis, with its size; it is removed by its place, which nobody else changes while this script runs.
PEEK = """
local found = {}
for place = 1, tonumber(ARGV[1]) do
    local message = redis.call('LINDEX', KEYS[1], -place)
    if not message then break end
    if #message > tonumber(ARGV[2]) then
        table.insert(found, {#message, string.sub(message, 1, 200), redis.sha1hex(message)})
    else
        table.insert(found, {#message, message, ''})
    end
end
return found
"""
# By what it is, from the oldest end: two who took the same message remove it once.
DROP_LARGE = """
for place = 1, tonumber(ARGV[1]) do
    local message = redis.call('LINDEX', KEYS[1], -place)
    if not message then return 0 end
    if #message == tonumber(ARGV[2]) and redis.sha1hex(message) == ARGV[3] then
        return redis.call('LREM', KEYS[1], -1, message)
    end
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Lying:
    """A message where it lies. `body`: of one that is too large only the head, and its digest."""

    queue: str
    size_bytes: int
    body: bytes
    digest: str = ""

    @property
    def too_large(self) -> bool:
        return bool(self.digest)


class IngressQueue:
    """One name, with kombu's priorities. Any number of processes may read it. Every method raises UnavailableError."""

    def __init__(self, url: str, name: str) -> None:
        self._redis: Redis = redis_client(url, timeout_s=TIMEOUT_S, name="arxos-ingress")
        self._names = [f"{name}{priority}" for priority in reversed(PRIORITIES)]

    def oldest(self, limit: int, largest: int) -> list[Lying]:
        """At most so many, the most urgent first, the oldest of each first; they stay where they are."""
        try:
            for name in self._names:
                if found := cast("list[list[bytes]]", self._redis.eval(PEEK, 1, name, limit, largest)):
                    return [Lying(name, int(size), body, digest.decode()) for size, body, digest in found]
        except RedisError as error:
            raise UnavailableError(f"the broker does not answer: {type(error).__name__}") from error
        return []

    def drop(self, messages: Sequence[Lying], looked_at: int) -> None:
        """Remove these: what was done with them is committed."""
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for one in messages:
                    if one.too_large:
                        pipeline.eval(DROP_LARGE, 1, one.queue, looked_at, one.size_bytes, one.digest)
                    else:
                        pipeline.lrem(one.queue, -1, one.body)  # type: ignore[arg-type]  # bytes as they lay there
                pipeline.execute()
        except RedisError as error:
            raise UnavailableError(f"the broker does not answer: {type(error).__name__}") from error

    def close(self) -> None:
        """Leave the broker."""
        self._redis.close()
