"""How often something happened within a window of time, counted in Redis for all processes of all hosts."""

from limits import RateLimitItem
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from arxos.domain.errors import UnavailableError
from arxos.storage.redis_address import redis_client

NAMESPACE = "arxos:rate"  # may share its Redis with the broker
TIMEOUT_S = 0.05  # a request waits for no longer; a Redis nearby answers in a thousandth


class SharedRates:
    """Connects at the first use. One lost connection is replaced at once, a Redis that is silent is not asked again."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        client = redis_client(url, timeout_s=timeout_s, name="arxos-rates")
        client.set_retry(Retry(NoBackoff(), 1, (NoConnectionError,)))
        # The address itself is not given away: the pool knows it, with sentinels and certificates.
        storage = RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix=NAMESPACE)
        self._limiter = FixedWindowRateLimiter(storage)

    def hit(self, item: RateLimitItem, *names: str, cost: int = 1) -> bool:
        """Count so many; whether they were within the rate. Raises UnavailableError."""
        try:
            return self._limiter.hit(item, *names, cost=cost)
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not count: {type(error).__name__}") from error
