"""How large a request may be: its headers, and its body by what it says and by what comes."""

import re
from collections.abc import Sequence

from anyio import move_on_after
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

MOST_HEADERS = 80  # beyond 100 the server itself refuses, without a word
LARGEST_HEADERS = 32 * 1024  # bytes, names and values together
LEFT_BYTES, LEFT_S = 8 << 20, 2.0  # of what is refused, so much more is read, for so long
_UPLOAD = re.compile(r"/api/buildings/[^/]+/model")  # streams, and has a limit of its own


class TooLargeError(HTTPException):
    """The status and what to say. As an error of HTTP it passes through whoever reads the body."""


def check_headers(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Raises TooLargeError (431)."""
    if len(headers) > MOST_HEADERS:
        raise TooLargeError(431, f"more than {MOST_HEADERS} headers")
    if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
        raise TooLargeError(431, f"headers of more than {LARGEST_HEADERS} bytes")


async def drain(receive: Receive) -> None:
    """Read on for a while: who is still sending would be cut off, and never see the answer."""
    left = LEFT_BYTES
    with move_on_after(LEFT_S):
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if not message.get("more_body", False):
                return


def limited(scope: Scope, receive: Receive, limit: int) -> Receive:
    """The request's body, no more than so many bytes of it. Raises TooLargeError (413), at once where it says so."""
    if _UPLOAD.fullmatch(scope["path"]):
        return receive
    told = Headers(scope=scope).get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise TooLargeError(413, f"a body of {told} bytes: the limit is {limit}")
    came = 0

    async def counted() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise TooLargeError(413, f"a body of more than {limit} bytes")
        return message

    return counted
