"""What every request passes first: it gets an id, its size is held against limits, its answer gets safe headers."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arxos.api.identity import REQUEST_ID, identified
from arxos.api.problems import problem
from arxos.api.sizes import TooLargeError, check_headers, drain, limited

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
    """The outermost middleware. A route's own headers go before the safe ones. `body_limit`: bytes."""

    def __init__(self, app: ASGIApp, *, body_limit: int, https: bool) -> None:
        self._app = app
        self._body_limit = body_limit
        self._headers = SAFE_HEADERS | (HTTPS_HEADERS if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        with identified(Headers(scope=scope)) as identity:

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableHeaders(scope=message)
                    headers[REQUEST_ID] = identity
                    for name, value in self._headers.items():
                        headers.setdefault(name, value)
                await send(message)

            try:
                check_headers(scope["headers"])
                await self._app(scope, limited(scope, receive, self._body_limit), answer)
            except TooLargeError as error:
                await drain(receive)
                await problem(scope["path"], error.status_code, error.detail)(scope, receive, answer)
        return None
