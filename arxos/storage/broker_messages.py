"""What waits in Redis: read as it lies there, by nobody who takes it."""

import base64
import json
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, cast
from uuid import UUID

from redis.exceptions import RedisError

from arxos.domain.errors import UnavailableError
from arxos.storage.redis_address import redis_client

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_S = 5.0
MOST = 10_000  # messages that are looked through: the relay keeps far fewer
UNACKED = "unacked"  # where kombu keeps what it has handed to a worker
PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")  # of kombu: each a list of its own
_IDS = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class RedisMessages:
    """See `arxos.domain.ports.Messages`. Connects at the first use."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = redis_client(url, timeout_s=TIMEOUT_S, name="arxos-messages")

    def named(self, queues: Collection[str]) -> set[UUID] | None:
        """The jobs that messages name."""
        try:
            messages = self._messages(queues)
        except RedisError as error:
            raise UnavailableError(f"the broker does not answer: {error}") from error
        return None if messages is None else {job for message in messages for job in jobs_in(message)}

    def _messages(self, queues: Collection[str]) -> list[bytes] | None:
        """Delivered ones last: who moves from a list to there meanwhile is seen twice, not missed."""
        found: list[bytes] = []
        for queue in (f"{name}{priority}" for name in sorted(queues) for priority in PRIORITIES):
            found += cast("list[bytes]", self._redis.lrange(queue, 0, MOST))
            if len(found) > MOST:
                return None
        if cast("int", self._redis.hlen(UNACKED)) > MOST:
            return None
        return found + [json.dumps(one).encode() for one in self._delivered()]

    def _delivered(self) -> Iterator[object]:
        for entry in cast("list[bytes]", self._redis.hvals(UNACKED)):
            try:
                yield json.loads(entry)[0]
            except (ValueError, LookupError, TypeError, RecursionError):
                continue


def jobs_in(message: bytes) -> set[UUID]:
    """The jobs that a message names: whatever looks like an id in its body. Of garbage: none."""
    try:
        body = base64.b64decode(json.loads(message)["body"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return set()
    return {UUID(found.decode()) for found in _IDS.findall(body)}
