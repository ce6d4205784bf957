"""Rates over several processes: shared through a real Redis, and kept while there is none."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest
from limits import RateLimitItemPerHour, RateLimitItemPerMinute, RateLimitItemPerSecond

from arxos.api.rates import PARTS, REST_S, Rates
from arxos.storage.shared_rates import SharedRates

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def silent_redis() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def allowed(urls: list[str], amount: int, asked: int, *, processes: int = 1, seconds: float = 60) -> list[int]:
    """How many of so many requests to each process are within the rate, asked in turns."""
    item, name = RateLimitItemPerHour(amount), str(uuid4())

    async def ask() -> list[int]:
        all_rates = [Rates(SharedRates(url), processes) for url in urls]
        found = Counter[int]()
        async with asyncio.timeout(seconds):
            for _ in range(asked):
                for number, rates in enumerate(all_rates):
                    found[number] += await rates.allows(item, name)
        return [found[number] for number in range(len(urls))]

    return asyncio.run(ask())


def test_a_small_rate_is_exact_over_all_processes(redis_url: str) -> None:
    assert sum(allowed([redis_url] * 3, amount=30, asked=30)) == 30


def test_a_large_rate_is_kept_to_some_hundredths(redis_url: str) -> None:
    amount = 2_000
    found = sum(allowed([redis_url] * 3, amount=amount, asked=1_500))
    assert amount - 3 * amount // PARTS <= found <= amount


def test_without_redis_each_process_has_its_part() -> None:
    assert allowed([NOWHERE] * 3, amount=30, asked=30, processes=3) == [10, 10, 10]


def test_a_silent_redis_is_waited_for_once_and_by_nobody_else(silent_redis: str) -> None:
    """A thousand names: each would ask by itself."""
    item = RateLimitItemPerMinute(10)

    async def ask() -> list[bool]:
        rates = Rates(SharedRates(silent_redis))
        async with asyncio.timeout(REST_S * 4):
            return await asyncio.gather(*(rates.allows(item, str(number)) for number in range(1_000)))

    assert all(asyncio.run(ask()))


def test_redis_is_asked_again_when_it_is_back(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arxos.api.rates.REST_S", 0.0)
    item, name = RateLimitItemPerHour(4), str(uuid4())

    async def ask() -> list[bool]:
        rates = Rates(SharedRates(NOWHERE))
        found = [await rates.allows(item, name)]
        rates.shared = SharedRates(redis_url)
        await Rates(SharedRates(redis_url)).allows(item, name)  # another process, which Redis remembers
        return found + [await rates.allows(item, name) for _ in range(5)]

    assert asyncio.run(ask()) == [True] * 4 + [False] * 2


def test_a_window_passes(redis_url: str) -> None:
    item, name = RateLimitItemPerSecond(2), str(uuid4())

    async def ask() -> None:
        rates = Rates(SharedRates(redis_url))
        async with asyncio.timeout(30):
            while await rates.allows(item, name):
                pass
            while not await rates.allows(item, name):
                await asyncio.to_thread(time.sleep, 0.05)

    asyncio.run(ask())
