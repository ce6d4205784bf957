"""What one process knows of ended tokens: heard again and again, shared, and not believed when it is old."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from arxos.api import revocations as module
from arxos.api.revocations import Revocations
from arxos.app.claims import Claims
from arxos.domain.access import Role
from arxos.domain.errors import UnavailableError
from arxos.storage.revocations import Ended

NOW = datetime.now(UTC)
FAMILY, SESSION = UUID(int=1), UUID(int=2)
CLAIMS = Claims("ada", Role.VIEWER, time.time() + 600, "jti-1", time.time() - 60, "key", FAMILY, SESSION)


class Table:
    """Answers what it is told to, or not at all; `asked`: from when on."""

    def __init__(self) -> None:
        self.ended: list[Ended] = []
        self.away = False
        self.asked: list[datetime | None] = []

    def since(self, since: datetime | None) -> list[Ended]:
        self.asked.append(since)
        if self.away:
            raise UnavailableError("away")
        return self.ended

    def forget(self) -> None: ...


def run(test: Callable[[Table, Revocations], Coroutine[Any, Any, None]]) -> None:
    async def tested() -> None:
        table = Table()
        await test(table, Revocations(table))  # type: ignore[arg-type]  # the part of it that is asked

    asyncio.run(tested())


@pytest.mark.parametrize(
    ("what", "name", "why"),
    [
        ("token", "jti-1", "it was revoked"),
        ("family", str(FAMILY), "its family of refresh tokens was ended"),
        ("session", str(SESSION), "the session was ended"),
        ("subject", "ada", "everything of its subject was ended after it was issued"),
    ],
)
def test_each_way_in_which_something_is_ended_is_heard(what: Any, name: str, why: str) -> None:
    async def test(table: Table, known: Revocations) -> None:
        await known.look()
        assert known.why_ended(CLAIMS) is None
        table.ended = [Ended(what, name, NOW, NOW + timedelta(hours=1))]
        await known.look()
        assert known.why_ended(CLAIMS) == why
        others = replace(CLAIMS, subject="bob", token_id="jti-2", family=None, session_id=None)
        assert known.why_ended(others) is None

    run(test)


def test_only_what_was_issued_before_ends_with_its_subject() -> None:
    async def test(table: Table, known: Revocations) -> None:
        table.ended = [Ended("subject", "ada", NOW, NOW)]
        await known.look()
        assert known.why_ended(replace(CLAIMS, issued_at=NOW.timestamp() + 1)) is None
        assert known.why_ended(replace(CLAIMS, issued_at=NOW.timestamp()))
        assert known.why_ended(replace(CLAIMS, issued_at=None))

    run(test)


def test_a_process_that_has_never_heard_believes_nobody() -> None:
    async def test(table: Table, known: Revocations) -> None:
        table.away = True
        with pytest.raises(UnavailableError, match="which tokens were revoked could not be asked for 10 s"):
            await known.catch_up()
        asked = len(table.asked)
        with pytest.raises(UnavailableError):
            await known.catch_up()
        assert len(table.asked) == asked  # nobody waits for an answer that will not come
        table.away = False
        await known.look()
        await known.catch_up()

    run(test)


def test_what_was_heard_is_believed_for_some_seconds_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(table: Table, known: Revocations) -> None:
        await known.look()
        table.away = True
        later = time.monotonic() + module.TRUST_S
        monkeypatch.setattr(module, "monotonic", lambda: later - 1)
        await known.catch_up()
        assert len(table.asked) == 1
        monkeypatch.setattr(module, "monotonic", lambda: later + 1)
        with pytest.raises(UnavailableError):
            await known.catch_up()
        table.away = False
        monkeypatch.setattr(module, "monotonic", lambda: later + 2 + module.FAILED_S)
        await known.catch_up()

    run(test)


def test_who_asks_at_the_same_moment_shares_the_answer() -> None:
    async def test(table: Table, known: Revocations) -> None:
        await asyncio.gather(*(known.catch_up() for _ in range(100)))
        assert len(table.asked) == 1

    run(test)


def test_who_has_just_ended_something_does_not_take_an_older_answer() -> None:
    async def test(table: Table, known: Revocations) -> None:
        first = asyncio.create_task(known.look())
        await asyncio.sleep(0)
        await known.look_again()
        await first
        assert len(table.asked) == 2

    run(test)


def test_it_is_asked_from_the_latest_on_that_was_heard() -> None:
    async def test(table: Table, known: Revocations) -> None:
        table.ended = [Ended("token", "a", NOW, NOW), Ended("token", "b", NOW - timedelta(seconds=9), NOW)]
        await known.look()
        table.ended = []
        await known.look()
        await known.look()
        assert table.asked == [None, NOW, NOW]

    run(test)
