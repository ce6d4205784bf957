"""The body of a request as it comes in: how many bytes, in how many seconds, of how many JSON values.

Until the caller is known a body may have 64 KiB; `arxos.api.admission` allows more. Limits are held where bytes arrive,
so whoever reads the body needs to know none of them.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

STRANGERS_BYTES = 64 << 10  # of a body without a valid token
STRANGERS_S = 10.0  # to send it
LARGE_BYTES = 256 << 10  # beyond it a body is a large one, of which a process takes in a few at a time
QUIET_S = 20.0  # a sender that is silent for longer is given up
FEW_TOKENS = 20_000  # JSON values and names of a request
MANY_TOKENS = 1_000_000  # of a submission: 10,000 jobs of 100 each
MARKS = (b",", b"[", b"{")  # outside of strings: each begins a value
# A string, or how one begins that goes on in the next piece.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)


class TooLargeError(HTTPException):
    """The status and what to say. As an error of HTTP it passes through whoever reads the body."""


class TooSlowError(HTTPException):
    """408, and what did not come in time."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a body may take. Its seconds are `seconds`, and one more for every `bytes_per_s` that have come.

    `tokens`: JSON values and names; None where the body is no JSON.
    """

    limit: int
    seconds: float
    bytes_per_s: float = float("inf")
    tokens: int | None = FEW_TOKENS


STRANGERS = Allowance(STRANGERS_BYTES, STRANGERS_S)


@dataclass(slots=True)
class Body:
    """Of one request. `ended`: all of it has come, or there is none."""

    receive: Receive
    announced: int | None  # bytes; None: nobody knows before it ends
    ended: bool
    allowance: Allowance = STRANGERS
    came: int = 0
    grew_large: Callable[[], None] = lambda: None  # called once; raises where there is no room for it
    _tokens: int = 0
    _inside: bytes = b""  # how a string begins that the last piece did not end
    _began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def is_large(self) -> bool:
        """Whether to parse it takes so long that others would notice."""
        return self.came > LARGE_BYTES

    def allow(self, allowance: Allowance) -> None:
        """From now on. Raises TooLargeError where it says itself that it is larger."""
        self.allowance = allowance
        if self.announced is not None and self.announced > allowance.limit:
            raise TooLargeError(413, f"a body of {self.announced} bytes: the limit is {allowance.limit}")

    async def next(self) -> Message:
        """The next piece. Raises TooLargeError, TooSlowError."""
        if self.ended:
            return await self.receive()
        message = await self._in_time()
        if message["type"] != "http.request":
            self.ended = True  # the sender has gone
            return message
        self._count(message.get("body", b""))
        self.ended = not message.get("more_body", False)
        return message

    async def _in_time(self) -> Message:
        now = asyncio.get_running_loop().time()
        left = self._began + self.allowance.seconds + self.came / self.allowance.bytes_per_s - now
        try:
            async with asyncio.timeout(max(0.0, min(left, QUIET_S))):
                return await self.receive()
        except TimeoutError:
            taken = asyncio.get_running_loop().time() - self._began
            raise TooSlowError(408, f"{self.came} bytes of the body came in {taken:.0f} s: that is too slow") from None

    def _count(self, piece: bytes) -> None:
        was_large, limit = self.is_large, self.allowance.limit
        self.came += len(piece)
        if self.came > limit:
            raise TooLargeError(413, f"a body of more than {limit} bytes")
        if self.is_large and not was_large:
            self.grew_large()
        if self.allowance.tokens is not None:
            self._count_tokens(piece, self.allowance.tokens)

    def _count_tokens(self, piece: bytes, most: int) -> None:
        text = self._inside + piece
        strings = _STRING.findall(text)
        inside = b"".join(strings)
        self._tokens += len(strings) + sum(text.count(mark) - inside.count(mark) for mark in MARKS)
        if self._tokens > most:
            raise TooLargeError(413, f"a body of more than {most} JSON values and names")
        self._inside = _cut_off(strings[-1]) if strings else b""


def _cut_off(string: bytes) -> bytes:
    """How a string begins that goes on in the next piece, as far as that matters; empty where it ends."""
    is_quoted = len(string) > 1 and string.endswith(b'"')
    before = string[1 : -1 if is_quoted else None]
    is_escaped = (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
    if is_quoted:
        return b'"' if is_escaped else b""
    return b'"\\' if is_escaped else b'"'


def body_of(scope: Scope, receive: Receive) -> Body:
    """The body that the headers tell of."""
    headers = Headers(scope=scope)
    told = headers.get("content-length", "")
    chunked = "transfer-encoding" in headers
    announced = int(told) if told.isdecimal() and not chunked else None
    return Body(receive, announced, ended=not chunked and not announced)
