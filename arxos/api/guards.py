"""What every request passes first: it gets an id, its size is held against limits, its answer gets safe headers."""

from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arxos.api.bodies import body_of
from arxos.api.header_limits import check_headers
from arxos.api.identity import REQUEST_ID, identified
from arxos.api.problems import answer_to

if TYPE_CHECKING:
    from collections.abc import Mapping

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
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class Guards:
    """The outermost middleware. A route's own headers go before the safe ones."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers: Mapping[str, str] = SAFE_HEADERS | (HTTPS_HEADERS if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        body = body_of(scope, receive)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["body"] = body
        began = False
        with identified(Headers(scope=scope)) as identity:

            async def answer(message: Message) -> None:
                nonlocal began
                if message["type"] == "http.response.start":
                    began = True
                    self._complete(message, identity, is_read=body.ended)
                await send(message)

            try:
                check_headers(scope["headers"])
                await self._app(scope, body.next, answer)
            except Exception as error:
                if began:
                    raise
                await answer_to(Request(scope), error)(scope, body.next, answer)
        return None

    def _complete(self, message: Message, identity: str, *, is_read: bool) -> None:
        headers = MutableHeaders(scope=message)
        headers[REQUEST_ID] = identity
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if not is_read:
            # What comes after an unread body cannot be told from it: the connection is of no more use.
            headers["Connection"] = "close"
