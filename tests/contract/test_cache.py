"""What every cache does: the one in memory and the one on Redis."""

from typing import Any

import pytest
import redis as redis_client

from arxos.domain.errors import UnavailableError
from arxos.domain.ports import Cache
from arxos.storage.cache import NAMESPACE, RedisCache
from tests.fakes import FakeCache


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> Cache:
    return FakeCache() if request.param == "memory" else RedisCache(request.getfixturevalue("redis_cache"))


def test_what_was_put_is_got(cache: Cache) -> None:
    cache.put_many({"a": b"1", "b": b"\x00\xff"})

    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (b"1", b"\x00\xff", None)


def test_putting_again_overwrites(cache: Cache) -> None:
    cache.put_many({"a": b"1"})
    cache.put_many({"a": b"2"})

    assert cache.get("a") == b"2"


def test_putting_nothing_is_fine(cache: Cache) -> None:
    cache.put_many({})


def test_a_prefix_is_deleted_and_nothing_else(cache: Cache) -> None:
    cache.put_many({f"building:1:{i}": b"x" for i in range(1200)} | {"building:12": b"y"})

    cache.delete_prefix("building:1:")

    assert [cache.get(key) for key in ("building:1:0", "building:1:1199", "building:12")] == [None, None, b"y"]


def test_a_prefix_is_no_pattern(cache: Cache) -> None:
    cache.put_many({"a*c": b"1", "abc": b"2", "a[b]": b"3"})

    cache.delete_prefix("a*")
    cache.delete_prefix("a[")

    assert [cache.get(key) for key in ("a*c", "abc", "a[b]")] == [None, b"2", None]


def test_entries_expire(redis_cache: str) -> None:
    RedisCache(redis_cache).put_many({"a": b"1"}, ttl_s=60)

    with redis_client.Redis.from_url(redis_cache) as server:
        assert 0 < _ttl(server) <= 60


def test_entries_that_name_no_time_expire_all_the_same(redis_cache: str) -> None:
    RedisCache(redis_cache).put_many({"a": b"1"})

    with redis_client.Redis.from_url(redis_cache) as server:
        assert _ttl(server) > 0


def test_other_keys_of_the_server_are_left_alone(redis_cache: str) -> None:
    with redis_client.Redis.from_url(redis_cache) as server:
        server.set("celery", b"a queue")

        RedisCache(redis_cache).delete_prefix("")

        assert server.get("celery") == b"a queue"


def test_a_server_that_is_away_is_unavailable() -> None:
    away = RedisCache("redis://127.0.0.1:1/0")

    with pytest.raises(UnavailableError, match="the cache does not answer"):
        away.get("a")
    with pytest.raises(UnavailableError, match="the cache does not answer"):
        away.put_many({"a": b""})
    with pytest.raises(UnavailableError, match="the cache does not answer"):
        away.delete_prefix("a")


def test_sentinels_that_are_away_are_unavailable() -> None:
    with pytest.raises(UnavailableError):
        RedisCache("sentinel://127.0.0.1:1;sentinel://127.0.0.1:2/0?master_name=arxos").get("a")


def _ttl(server: Any) -> int:  # redis's own types name an awaitable, too
    return int(server.ttl(f"{NAMESPACE}a"))
