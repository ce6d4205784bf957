"""A stream of events lasts for a while, and tells its reader to come again."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import Request

from arxos.api.event_streams import for_a_while


async def events(*told: bytes, silent: bool) -> AsyncIterator[bytes]:
    for one in told:
        yield one
    if silent:
        await asyncio.Event().wait()


def told(*sent: bytes, silent: bool, for_s: float, ending: bool = False) -> list[bytes]:
    """What a reader receives."""

    async def read() -> list[bytes]:
        over = asyncio.Event()
        if ending:
            over.set()
        request = Request({"type": "http", "state": {"ending": over}})
        return [one async for one in for_a_while(request, events(*sent, silent=silent), for_s)]

    return asyncio.run(read())


def test_a_stream_that_is_over_ends_by_itself() -> None:
    first, second = told(b"data: a\n\n", b"data: b\n\n", silent=False, for_s=60)
    assert first.startswith(b"data: a\nretry: ")
    assert first.endswith(b"\n\n")
    assert second == b"data: b\n\n"


@pytest.mark.parametrize(("ending", "for_s"), [(False, 0.3), (True, 60.0)], ids=["minutes", "the process ends"])
def test_a_stream_in_which_nothing_happens_ends_too(ending: bool, for_s: float) -> None:
    last = told(silent=True, for_s=for_s, ending=ending)[-1]
    assert b"event: again" in last
    assert b"come again" in last


def test_readers_are_told_to_come_again_at_different_times() -> None:
    times = {told(b"data: a\n\n", silent=False, for_s=60)[0].splitlines()[1] for _ in range(20)}
    assert len(times) > 5
