"""Whoever asks must say who they are, and be allowed to."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from arxos.api.problems import Refusal
from arxos.app.access import Caller, Permission
from arxos.app.tokens import WrongTokenError, verify

_scheme = HTTPBearer(auto_error=False, bearerFormat="JWT", description="`arxos token` makes one")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]


async def caller(request: Request, credentials: Credentials) -> Caller:
    """Whoever the bearer token names. Raises Refusal (401)."""
    if credentials is None:
        raise _unauthenticated("needs Authorization: Bearer <token>")
    secret = request.app.state.runtime.settings.jwt_secret
    try:
        claims = verify(credentials.credentials, secret.get_secret_value())
    except WrongTokenError as error:
        raise _unauthenticated(str(error)) from error
    return Caller(claims.subject, claims.role, claims.token_id)


def _unauthenticated(detail: str) -> Refusal:
    return Refusal(401, detail, headers={"WWW-Authenticate": 'Bearer realm="arxos"'})


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
