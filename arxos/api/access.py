"""Whoever asks must say who they are, and be allowed to."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from arxos.api.addresses import client_address
from arxos.api.callers import known_to
from arxos.api.problems import Refusal
from arxos.api.serving.crowd import origin_of
from arxos.app.access import Caller
from arxos.app.tokens import Claims, WrongTokenError
from arxos.domain.access import Permission

_scheme = HTTPBearer(auto_error=False, bearerFormat="JWT", description="`arxos token` makes one")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]


async def caller(request: Request, credentials: Credentials) -> Caller:
    """Whoever the bearer token names: found out once a request. Raises Refusal: 401, or 429 for who asks too much."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        known = request.state.caller = await _authenticated(request, credentials)
    return known


async def authenticated(request: Request) -> Caller:
    """The same for whoever stands before all routes."""
    return await caller(request, await _scheme(request))


async def _authenticated(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    callers = known_to(request)
    if credentials is None:
        raise unauthenticated("needs Authorization: Bearer <token>")
    try:
        claims = await proven(request, credentials.credentials)
    except WrongTokenError as error:
        raise unauthenticated(str(error), 'error="invalid_token"') from error
    if await callers.asks_too_much(claims.subject):
        raise Refusal(429, "more requests a second than one caller may send", headers={"Retry-After": "1"})
    return Caller(claims.subject, claims.role, claims)


async def proven(request: Request, token: str) -> Claims:
    """What the token says. Raises WrongTokenError; Refusal (429) where somebody there is guessing."""
    callers = known_to(request)
    try:
        return await callers.claims(token)
    except WrongTokenError:
        await callers.failed(origin_of(client_address(request)))
        raise


def unauthenticated(detail: str, more: str = "") -> Refusal:
    """The answer to whoever is not known, or not any more."""
    challenge = ", ".join(filter(None, ['Bearer realm="arxos"', more]))
    return Refusal(401, detail, headers={"WWW-Authenticate": challenge})


def _needs(permission: Permission) -> Callable[[Caller], Awaitable[Caller]]:
    async def check(known: Annotated[Caller, Depends(caller)]) -> Caller:
        if not known.may(permission):
            raise Refusal(403, f"{known.role} may not {permission}")
        return known

    check.__name__ = f"may_{permission.name.lower()}"
    return check


# What a route says of who may call it: `caller: Reader`. Tests read it from there.
Reader = Annotated[Caller, Depends(_needs(Permission.READ))]
Writer = Annotated[Caller, Depends(_needs(Permission.WRITE))]
Submitter = Annotated[Caller, Depends(_needs(Permission.SUBMIT))]
Canceller = Annotated[Caller, Depends(_needs(Permission.CANCEL_OWN))]  # of other's jobs: where it also may CANCEL
Deleter = Annotated[Caller, Depends(_needs(Permission.DELETE))]
Redriver = Annotated[Caller, Depends(_needs(Permission.REDRIVE))]
Discarder = Annotated[Caller, Depends(_needs(Permission.DISCARD))]
Scheduler = Annotated[Caller, Depends(_needs(Permission.SCHEDULE))]
Administrator = Annotated[Caller, Depends(_needs(Permission.ADMINISTER))]
