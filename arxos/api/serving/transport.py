"""A transport that is closed so that the answer arrives although the request is not read to its end."""

import asyncio
from collections.abc import Callable
from typing import Any

LINGER_S = 2.0  # so long a sender that was refused may go on sending; its bytes are thrown away
LINGER_BYTES = 8 << 20  # and so many of them


class LingeringTransport:
    """In place of the loop's own. `owes`: whether the sender has not sent all of its request.

    To close a socket with unread bytes resets the connection, and a reset takes the answer away from a client that has
    not read it yet (RFC 9112 §9.6). So our direction is closed first, and what still comes is thrown away for a moment.
    """

    def __init__(self, transport: asyncio.Transport, owes: Callable[[], bool]) -> None:
        self._transport = transport
        self._owes = owes
        self._left = LINGER_BYTES
        self.lingers = False

    def close(self) -> None:
        """At once, or when the sender has understood."""
        if self.lingers or self._transport.is_closing() or not self._owes():
            self._transport.close()
            return
        self.lingers = True
        self._transport.write_eof()
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(LINGER_S, self._transport.abort)

    def is_closing(self) -> bool:
        """Whether nothing may be written any more."""
        return self.lingers or self._transport.is_closing()

    def discard(self, size: int) -> None:
        """So many more bytes came after the answer."""
        self._left -= size
        if self._left < 0:
            self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
