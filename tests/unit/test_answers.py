"""Answers that a process keeps: only while every change is heard of, and made once for all who ask."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.api.answers import OVERHEAD, Answer, Answers
from arxos.domain.errors import NotFoundError

ONE, OTHER = uuid4(), uuid4()


class Kitchen:
    """Makes answers, counts them, and waits with each until it is told to go on."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.made = 0
        self.go_on = asyncio.Event()
        if at_once:
            self.go_on.set()

    async def __call__(self) -> Answer:
        self.made += 1
        number = self.made
        await self.go_on.wait()
        return Answer.of(f"answer {number}".encode(), "text/plain")


def trusted(room_bytes: int = 1 << 20) -> Answers:
    answers = Answers(room_bytes)
    answers.trust(60)
    return answers


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


async def read(answers: Answers, kitchen: Kitchen, building: UUID = ONE, name: str = "summary") -> str:
    return (await answers.get(building, name, kitchen)).body.decode()


def test_an_answer_is_made_once_and_given_again_and_again() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(), Kitchen()
        assert [await read(answers, kitchen) for _ in range(3)] == ["answer 1"] * 3

    run(scenario())


def test_many_who_ask_at_once_wait_for_one_answer() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(), Kitchen(at_once=False)
        asking = [asyncio.create_task(read(answers, kitchen)) for _ in range(100)]
        await asyncio.sleep(0)
        kitchen.go_on.set()
        assert set(await asyncio.gather(*asking)) == {"answer 1"}

    run(scenario())


def test_a_change_is_seen_by_the_next_reader() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(), Kitchen()
        await read(answers, kitchen)
        answers.forget(OTHER)
        assert await read(answers, kitchen) == "answer 1"
        answers.forget(ONE)
        assert await read(answers, kitchen) == "answer 2"

    run(scenario())


def test_a_change_while_an_answer_is_made_leaves_nothing_old_behind() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(), Kitchen(at_once=False)
        before = asyncio.create_task(read(answers, kitchen))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        answers.forget(ONE)
        after = asyncio.create_task(read(answers, kitchen))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        kitchen.go_on.set()
        assert (await before, await after) == ("answer 1", "answer 2")
        assert await read(answers, kitchen) == "answer 2"

    run(scenario())


def test_while_changes_are_not_heard_of_nothing_is_kept_or_given() -> None:
    async def scenario() -> None:
        answers, kitchen = Answers(1 << 20), Kitchen()
        assert [await read(answers, kitchen) for _ in range(2)] == ["answer 1", "answer 2"]
        answers.trust(60)
        await read(answers, kitchen)
        answers.distrust()
        assert await read(answers, kitchen) == "answer 4"
        answers.trust(60)
        assert await read(answers, kitchen) == "answer 5"

    run(scenario())


def test_what_was_being_made_when_the_ear_was_lost_is_not_kept() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(), Kitchen(at_once=False)
        before = asyncio.create_task(read(answers, kitchen))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        answers.distrust()
        answers.trust(60)  # what changed in between was not heard
        kitchen.go_on.set()
        assert await before == "answer 1"
        assert await read(answers, kitchen) == "answer 2"

    run(scenario())


def test_trust_runs_out_by_itself() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(), Kitchen()
        await read(answers, kitchen)
        answers.trust(0)
        assert await read(answers, kitchen) == "answer 2"

    run(scenario())


def test_an_error_is_told_to_all_who_waited_and_kept_by_nobody() -> None:
    async def scenario() -> None:
        answers, calls = trusted(), []

        async def fails() -> Answer:
            calls.append(1)
            await asyncio.sleep(0)
            raise NotFoundError("no building")

        asking = [asyncio.create_task(answers.get(ONE, "summary", fails)) for _ in range(5)]
        ends = await asyncio.gather(*asking, return_exceptions=True)
        assert ([type(end) for end in ends], len(calls)) == ([NotFoundError] * 5, 1)
        with pytest.raises(NotFoundError):
            await answers.get(ONE, "summary", fails)

    run(scenario())


def test_whoever_asked_first_may_go_away() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(), Kitchen(at_once=False)
        first, second = (asyncio.create_task(read(answers, kitchen)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        kitchen.go_on.set()
        assert await second == "answer 1"

    run(scenario())


def test_the_least_recently_asked_for_go_when_there_is_no_room() -> None:
    async def scenario() -> None:
        one = OVERHEAD + len("answer 1")
        answers, kitchen = trusted(4 * one), Kitchen()
        for name in "abcd":
            await read(answers, kitchen, name=name)
        assert await read(answers, kitchen, name="a") == "answer 1"
        await read(answers, kitchen, name="e")  # in place of b
        assert await read(answers, kitchen, name="a") == "answer 1"
        assert await read(answers, kitchen, name="b") == "answer 6"
        answers.forget(ONE)
        assert (answers._taken, answers._kept, answers._of) == (0, {}, {})

    run(scenario())


def test_an_answer_larger_than_a_quarter_of_the_room_is_not_kept() -> None:
    async def scenario() -> None:
        answers, kitchen = trusted(3 * OVERHEAD), Kitchen()
        assert [await read(answers, kitchen) for _ in range(2)] == ["answer 1", "answer 2"]

    run(scenario())
