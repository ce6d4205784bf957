"""Answers that are kept in this process: the first of two levels, in front of Redis.

They are right for as long as PostgreSQL tells of every change (docs/adr/0013-readers-hear-from-postgres.md). All of
this belongs to the event loop: no thread touches it.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from arxos.api.conditions import content_tag

Key = tuple[UUID, str]
Make = Callable[[], Awaitable["Answer"]]
OVERHEAD = 600  # bytes that an entry takes besides its body
LARGEST = 4  # an answer that takes more than this part of the room is not kept
FRESH = (b"cache-control", b"private, no-cache")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, ready to be sent."""

    body: bytes
    tag: str
    headers: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(cls, body: bytes, media_type: str, *more: tuple[bytes, bytes]) -> "Answer":
        """With its tag, and the headers that never change."""
        tag = content_tag(body)
        length = (b"content-length", str(len(body)).encode())
        return cls(body, tag, (length, (b"content-type", media_type.encode()), (b"etag", tag.encode()), FRESH, *more))

    @property
    def size(self) -> int:
        """What it takes of the room, in bytes."""
        return len(self.body) + OVERHEAD


class Prepared(Response):
    """Sends an answer as it is: nothing is computed for a reader."""

    def __init__(self, answer: Answer) -> None:  # the base's would make all of it anew
        self.status_code = 200
        self.background = None
        self.body = answer.body
        self.raw_headers = list(answer.headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as the base's
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


class Answers:
    """The answers themselves: the least recently asked for go first when there is no room."""

    def __init__(self, room_bytes: int) -> None:
        self._room = room_bytes
        self._taken = 0
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._of: defaultdict[UUID, set[str]] = defaultdict(set)
        self._flights: defaultdict[UUID, dict[str, asyncio.Task[Answer]]] = defaultdict(dict)
        self._trusted_until = 0.0

    @property
    def trusted(self) -> bool:
        """Whether every change is heard of at the moment; else nothing is kept."""
        return monotonic() < self._trusted_until

    def trust(self, for_s: float) -> None:
        """Every change until now was heard of, and will be for so many seconds."""
        self._trusted_until = monotonic() + for_s

    def distrust(self) -> None:
        """From now on changes are not heard of."""
        self._trusted_until = 0.0
        self._kept.clear()
        self._of.clear()
        self._flights.clear()
        self._taken = 0

    def forget(self, building_id: UUID) -> None:
        """The building has changed: neither what is kept nor what is being computed is given to anybody from now on."""
        for name in self._of.pop(building_id, ()):
            self._taken -= self._kept.pop((building_id, name)).size
        self._flights.pop(building_id, None)

    async def get(self, building_id: UUID, name: str, make: Make) -> Answer:
        """The answer; whoever asks while it is being made waits for the same. Raises what `make` raises."""
        if monotonic() >= self._trusted_until:
            return await make()
        key = (building_id, name)
        if (answer := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return answer
        flight = self._flights[building_id].get(name)
        if flight is None:
            # A task of its own: it goes on for the others when whoever asked first goes away.
            flight = self._flights[building_id][name] = asyncio.create_task(self._fly(key, make))
            flight.add_done_callback(_looked_at)
        return await asyncio.shield(flight)

    async def _fly(self, key: Key, make: Make) -> Answer:
        building_id, name = key
        try:
            answer = await make()
            if self._is_current(key):
                self._keep(key, answer)
            return answer
        finally:
            if self._is_current(key):
                del self._flights[building_id][name]
                if not self._flights[building_id]:
                    del self._flights[building_id]

    def _is_current(self, key: Key) -> bool:
        """False for a flight that began before the last change of its building."""
        return self._flights.get(key[0], {}).get(key[1]) is asyncio.current_task()

    def _keep(self, key: Key, answer: Answer) -> None:
        if not self.trusted or answer.size * LARGEST > self._room:
            return
        self._kept[key] = answer
        self._of[key[0]].add(key[1])
        self._taken += answer.size
        while self._taken > self._room:
            (building_id, name), old = self._kept.popitem(last=False)
            self._taken -= old.size
            self._of[building_id].discard(name)
            if not self._of[building_id]:
                del self._of[building_id]


def answers_of(request: Request) -> Answers:
    """Those of this process. Whoever changes a building forgets it here: its next read need not wait for the notice."""
    answers: Answers = request.app.state.answers
    return answers


def _looked_at(flight: asyncio.Task[Answer]) -> None:
    """Whoever waited for it may have gone: an error that nobody waits for is none."""
    if not flight.cancelled():
        flight.exception()
