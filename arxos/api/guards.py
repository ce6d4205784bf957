"""What every request passes first: it gets an id, its size is held against limits, its answer gets safe headers."""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from secrets import token_hex

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

REQUEST_ID = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_request_id: ContextVar[str] = ContextVar("request_id", default="")
_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)

# Nothing of ours is fetched from elsewhere, framed elsewhere, or run that is not a file of ours.
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}


def request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return _request_id.get()


def traceparent() -> str | None:
    """The trace that the request belongs to (W3C), where it told one."""
    return _traceparent.get()


class Guards:
    """The outermost middleware. A route's own headers go before the safe ones."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        identity = _given(Headers(scope=scope).getlist(REQUEST_ID)) or token_hex(8)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = identity
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        _request_id.set(identity)
        _traceparent.set(_trace(Headers(scope=scope).get("traceparent")))
        with bound_contextvars(request_id=identity):
            await self._app(scope, receive, answer)
        return None


def _given(named: Iterable[str]) -> str | None:
    return next((name for name in named if _ID.fullmatch(name)), None)


def _trace(told: str | None) -> str | None:
    return told if told and _TRACE.fullmatch(told) else None
