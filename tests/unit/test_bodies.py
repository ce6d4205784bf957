"""A request's body is held against its limits where its bytes arrive."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from arxos.api import bodies
from arxos.api.bodies import LARGE_BYTES, STRANGERS_BYTES, Allowance, Body, TooLargeError, TooSlowError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(st.sampled_from('a\\",[{é'), max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.sampled_from('b\\",'), max_size=3), inner),
    max_leaves=20,
)


def tokens(value: object) -> int:
    """What begins a value or is a name, in a text that json.dumps made."""
    if isinstance(value, dict):
        return 1 + max(0, len(value) - 1) + len(value) + sum(map(tokens, value.values()))
    if isinstance(value, list):
        return 1 + max(0, len(value) - 1) + sum(map(tokens, value))
    return int(isinstance(value, str))


def body(pieces: Sequence[bytes], *, silent: bool = False, announced: int | None = None) -> Body:
    """One that comes in these pieces; `silent`: and then no more."""
    left = list(pieces)

    async def receive() -> Message:
        if not left and silent:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or silent}

    return Body(receive, announced, ended=False)


async def read(one: Body) -> int:
    """All of it."""
    while not one.ended:
        await one.next()
    return one.came


@given(JSON, st.integers(1, 7))
def test_values_are_counted_wherever_the_body_is_cut(value: object, size: int) -> None:
    text = json.dumps(value, ensure_ascii=False).encode()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    async def counted() -> tuple[int, int]:
        one, cut = body(pieces), 0
        while not one.ended:
            cut += bool(one._inside)  # a string that goes on is counted again
            await one.next()
        return one._tokens, cut

    found, cut = asyncio.run(counted())
    assert found - cut == tokens(value)


@pytest.mark.parametrize(
    "piece",
    [b"[0," * 40_000, b'{"a":' * 40_000, b'"",' * 40_000, b"[[[" * 40_000],
    ids=["list", "object", "text", "deep"],
)
def test_a_body_of_too_many_values_is_refused(piece: bytes) -> None:
    async def refused() -> None:
        one = body([piece])
        one.allow(Allowance(1 << 30, 60))
        with pytest.raises(TooLargeError, match="JSON values"):
            await read(one)

    asyncio.run(refused())


def test_a_string_full_of_commas_is_one_value() -> None:
    async def taken() -> int:
        one = body([b'{"a": "' + b",[{" * 10_000, b",[{" * 10_000 + b'"}'])
        one.allow(Allowance(1 << 30, 60))
        return await read(one)

    assert asyncio.run(taken()) > 60_000


def test_a_stranger_gets_64_kib_whatever_the_request_says_of_its_size() -> None:
    async def refused() -> None:
        one = body([b""], announced=STRANGERS_BYTES + 1)
        with pytest.raises(TooLargeError, match="the limit is 65536"):
            one.allow(one.allowance)
        one = body([b" " * STRANGERS_BYTES, b" "])
        with pytest.raises(TooLargeError, match="more than 65536"):
            await read(one)
        assert await read(body([b" " * STRANGERS_BYTES])) == STRANGERS_BYTES

    asyncio.run(refused())


@pytest.mark.parametrize(
    "allowance",
    [Allowance(1 << 20, 0.05), Allowance(1 << 30, 0.05, bytes_per_s=1 << 20)],
    ids=["a request", "an upload"],
)
def test_a_body_that_does_not_come_in_time_is_given_up(allowance: Allowance) -> None:
    async def given_up() -> None:
        one = body([b"x" * 10], silent=True)
        one.allow(allowance)
        with pytest.raises(TooSlowError) as refusal:
            await read(one)
        assert refusal.value.status_code == 408

    asyncio.run(given_up())


def test_a_silent_sender_is_given_up_however_much_time_its_body_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "QUIET_S", 0.05)
    test_a_body_that_does_not_come_in_time_is_given_up(Allowance(1 << 30, 3600, bytes_per_s=1))


def test_a_body_says_when_it_becomes_a_large_one() -> None:
    async def told() -> int:
        calls = []
        one = body([b" " * LARGE_BYTES, b" ", b" "])
        one.allow(Allowance(1 << 30, 60))
        one.grew_large = lambda: calls.append(1)
        await read(one)
        assert one.is_large
        return len(calls)

    assert asyncio.run(told()) == 1
