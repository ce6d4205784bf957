"""Who is let in, before a byte of a body is read: the token, the permission, the rates and the shares of a caller."""

from contextlib import ExitStack
from dataclasses import dataclass

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from arxos.api.access import authenticated
from arxos.api.addresses import client_address, lies_in
from arxos.api.bodies import MANY_TOKENS, Allowance, Body
from arxos.api.callers import known_to
from arxos.api.console.visitors import SignInError, visitor
from arxos.api.paths import is_upload
from arxos.api.problems import Refusal, answer_to
from arxos.api.route_rights import RouteRights
from arxos.api.serving.crowd import origin_of
from arxos.api.shares import Shares
from arxos.app.access import Caller
from arxos.app.settings import Settings
from arxos.domain.errors import ArxosError

LIVE = "/health/live"  # asks nobody, so it is let in always
WITHOUT_TOKEN = ("/api/tokens/refresh", "/api/openapi.json")  # all else below /api/ needs one
SUBMISSIONS = ("/api/jobs", "/api/jobs/batch")
AT_ONCE = 4096  # requests that one process answers at the same time
LARGE = 8  # large bodies that one process takes in at the same time
LARGE_OF_ONE = 4
AGAIN = {"Retry-After": "2", "Connection": "close"}  # of a connection that is one too many
UNLIMITED = 1 << 62  # the route has a limit of its own


@dataclass(frozen=True, slots=True)
class Allowances:
    """Of bodies with a valid token."""

    plain: Allowance
    submission: Allowance
    upload: Allowance

    @classmethod
    def of(cls, settings: Settings) -> "Allowances":
        """By the settings."""
        limit, seconds = settings.body_limit_mb << 20, settings.body_s
        return cls(
            Allowance(limit, seconds),
            Allowance(limit, seconds, tokens=MANY_TOKENS),
            Allowance(UNLIMITED, seconds, settings.upload_kib_per_s << 10, tokens=None),
        )

    def for_path(self, path: str) -> Allowance:
        """What a body to there may take."""
        if path in SUBMISSIONS:
            return self.submission
        return self.upload if is_upload(path) else self.plain


class Admission:
    """Middleware. What it has found out about the caller, routes read from `request.state`."""

    def __init__(self, app: ASGIApp, *, settings: Settings, rights: RouteRights) -> None:
        self._app = app
        self._rights = rights
        self._allowances = Allowances.of(settings)
        self._requests = Shares("requests at the same time", AT_ONCE, settings.requests_at_once)
        self._large = Shares("large bodies at the same time", LARGE, LARGE_OF_ONE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == LIVE:
            return await self._app(scope, receive, send)
        request = Request(scope)
        with ExitStack() as held:
            try:
                await self._admit(request, held)
            except (Refusal, ArxosError, HTTPException) as refusal:
                await answer_to(request, refusal)(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        return None

    async def _admit(self, request: Request, held: ExitStack) -> None:
        """Raises Refusal, TooLargeError, UnavailableError."""
        address = client_address(request)
        origins = [] if lies_in(address, request.app.state.proxies) else [f"address {origin_of(address)}"]
        if getattr(request.state, "crowded", False):
            raise Refusal(
                503, "more connections than one address may have, or one process", headers={"Retry-After": "2"}
            )
        for origin in origins:
            await known_to(request).count_address(origin)
        caller = await self._caller(request)
        owners = origins if caller is None else [f"subject {caller.subject}", *origins]
        self._requests.take(held, owners)
        request.state.owners, request.state.held = owners, held
        await self._allow_body(request, caller, held)

    async def _caller(self, request: Request) -> Caller | None:
        """Who calls, where the path asks for a token. Raises Refusal (401, 429; 403 before a body)."""
        path: str = request.scope["path"]
        if not path.startswith("/api/") or path in WITHOUT_TOKEN:
            return None
        caller = await authenticated(request)
        if not request.state.body.ended:  # what has no body is refused in time by the route itself
            needed = self._rights.needed(request.method, path)
            if needed is not None and not caller.may(needed):
                raise Refusal(403, f"{caller.role} may not {needed}")
        return caller

    async def _allow_body(self, request: Request, caller: Caller | None, held: ExitStack) -> None:
        body: Body = request.state.body
        if body.ended:
            return

        def take_large() -> None:
            try:
                self._large.take(held, request.state.owners)
            except Refusal as full:  # as an error of HTTP it passes through whoever reads the body
                raise HTTPException(full.status, str(full), full.headers) from full

        body.grew_large = take_large
        if caller is not None or await self._is_signed_in(request, body):
            body.allow(self._allowances.for_path(request.scope["path"]))
        else:
            body.allow(body.allowance)

    async def _is_signed_in(self, request: Request, body: Body) -> bool:
        """To the console. Asked only where it matters: a form that is larger than a stranger's may be."""
        if not request.scope["path"].startswith("/console/") or (body.announced or 0) <= body.allowance.limit:
            return False
        try:
            await visitor(request)
        except SignInError:
            return False
        return True
