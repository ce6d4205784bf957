"""One HTTP connection: uvicorn's protocol, with bounds on what a peer takes before anybody knows who it is.

Bounded are the seconds until a request's headers are there, the bytes that they may take, the requests that are sent
ahead of their answers, and the seconds for which an answer may wait for its reader without progress. What a body may
take decides `arxos.api.bodies`, which knows the caller.
"""

import asyncio
import json
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from arxos.api.serving.config import ServerConfig
from arxos.api.serving.transport import LingeringTransport

HEADERS_S = 10.0  # from a connection's beginning, or a request's first byte, to the end of its headers
HEADERS_BYTES = 128 << 10  # of all headers together, as far as this layer cares
AHEAD = 16  # requests of one connection that wait for the answers before them
STALLED_S = 30.0  # without anything read from us for so long, a reader is given up
LIVE = "/health/live"  # answered also where there is no room for anything else


class Connection(HttpToolsProtocol):
    """Of one peer. Counted in the process's `Crowd`."""

    config: ServerConfig

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._crowd = self.config.crowd
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._in_body = False  # a request is being read
        self._answering = False  # one is being answered, or waits for that
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Counted, and served if there is room."""
        super().connection_made(LingeringTransport(transport, lambda: self._in_body))  # type: ignore[arg-type]
        address = self.client[0] if self.client else "unknown"
        is_welcome, victim = self._crowd.enter(self, address)
        if victim is not None:
            victim.transport.abort()
        if not is_welcome:
            self.app = _no_room(self.app)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever wanted it."""
        self._crowd.leave(self)
        for timer in (self._deadline, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; after its refusal they are thrown away."""
        if self.transport.lingers:  # type: ignore[attr-defined]
            self.transport.discard(len(data))  # type: ignore[attr-defined]
            return
        was_idle = self._is_idle()
        if was_idle:
            self._head_bytes += len(data)
            if self._deadline is None:
                self._expect_headers()
        super().data_received(data)
        if was_idle and self._head_bytes > HEADERS_BYTES and self._is_idle():
            self._refuse(431, "headers-too-large", "headers of more than 128 KiB")

    def on_message_begin(self) -> None:
        """Raises ValueError, which ends the connection with 400."""
        if len(self.pipeline) >= AHEAD:
            raise ValueError("too many requests ahead of their answers")
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The request begins."""
        self._in_body = True  # until its end is seen, which for a request without a body is at once
        self._answering = True
        self._head_bytes = 0
        self._cancel_deadline()
        self._crowd.wake(self)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is there."""
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent; the connection waits for the next request."""
        self._answering = bool(self.pipeline)
        super().on_response_complete()
        if self._is_idle() and not self.transport.is_closing():
            self._crowd.rest(self)

    def pause_writing(self) -> None:
        """The reader is slower than we are."""
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It has caught up."""
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def send_400_response(self, msg: str) -> None:
        """In place of plain text: a problem document."""
        self._refuse(400, "bad-request", msg.rstrip(".").lower())

    def shutdown(self) -> None:
        """The server ends: streams hear of it."""
        if (ending := self.app_state.get("ending")) is not None:
            ending.set()
        super().shutdown()

    def _is_idle(self) -> bool:
        """Whether no request is being read or answered."""
        return not (self._in_body or self._answering)

    def _expect_headers(self) -> None:
        self._deadline = self.loop.call_later(HEADERS_S, self._headers_late)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _headers_late(self) -> None:
        self._deadline = None
        if self._is_idle() and not self.transport.is_closing():
            self.transport.close()

    def _watch_reader(self, left: int) -> None:
        self._stall = self.loop.call_later(STALLED_S, self._reader_late, left)

    def _reader_late(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left >= before:
            self.transport.abort()
        else:
            self._watch_reader(left)

    def _refuse(self, status: int, name: str, detail: str) -> None:
        """What is no request of HTTP's has no route that could answer it."""
        body = json.dumps({"type": f"urn:arxos:problem:{name}", "title": detail, "status": status}).encode()
        head = f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self._in_body = True  # what is still sent belongs to the refused request
        self.transport.close()


def _no_room(app: ASGIApp) -> ASGIApp:
    """The application for a connection that is one too many: it says so, and whether the process lives."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["crowded"] = scope["path"] != LIVE
        await app(scope, receive, send)

    return answer
