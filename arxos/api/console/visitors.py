"""Who looks at the console: a cookie says so, and every act must come from a form of ours."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Form, Request

from arxos.api.addresses import client_address
from arxos.api.callers import known_to
from arxos.api.problems import Refusal
from arxos.api.working import in_thread
from arxos.app.access import Caller
from arxos.app.claims import Claims
from arxos.domain.access import Permission, Role
from arxos.domain.jobs.operator import Operator
from arxos.storage.console_sessions import ConsoleSessions, Session


@dataclass(frozen=True, slots=True)
class Cookie:
    """Where a browser keeps what shows who is signed in."""

    name: str
    path: str
    secure: bool


PLAIN = Cookie("arxos_console", "/console", secure=False)
# Of this name browsers take none from a neighbouring host or over plain http: nobody can plant a session of theirs.
SECURE = Cookie("__Host-arxos_console", "/", secure=True)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. `proof`: what their forms carry; `source`: what acts record: ``console@10.0.0.7``."""

    caller: Caller
    proof: str
    source: str

    def may(self, permission: str) -> bool:
        """Whether the role allows it."""
        return self.caller.may(Permission(permission))

    def operator(self, reason: str | None = None) -> Operator:
        """Whoever acts, and why."""
        return Operator(self.caller.subject, (reason or "").strip() or None, self.source)


class SignInError(Exception):
    """Nobody is signed in: to be sent to the sign-in page."""


def cookie_of(request: Request) -> Cookie:
    """The one that counts where clients come by https, or where they don't."""
    https = request.app.state.runtime.settings.api_https or request.url.scheme == "https"
    return SECURE if https else PLAIN


async def visitor(request: Request) -> Visitor:
    """Whose cookie it is. Raises SignInError."""
    token = request.cookies.get(cookie_of(request).name)
    sessions = ConsoleSessions(request.app.state.runtime.database)
    session = await in_thread(request, sessions.find, token) if token else None
    if token is None or session is None:
        raise SignInError
    claims = _claims_of(session)
    if known_to(request).why_ended(claims) is not None:  # its key was withdrawn, which no table says
        raise SignInError
    known: Visitor = Visitor(Caller(session.subject, claims.role, claims), proof_of(token), source_of(request))
    request.state.visitor = known  # a refusal is a page of theirs, too
    return known


def _claims_of(session: Session) -> Claims:
    return Claims(
        session.subject,
        Role(session.role),
        session.expires_at.timestamp(),
        session.token_id,
        session.issued_s,
        session.token_key,
        session.family,
        session.id,
    )


def proof_of(token: str) -> str:
    """What shows that a form is ours: nobody who cannot read the cookie can compute it."""
    return hmac.digest(token.encode(), b"form", sha256).hex()


def source_of(request: Request) -> str:
    """From where somebody looks."""
    return f"console@{client_address(request)}"


def _needs(permission: Permission) -> Callable[[Visitor], Awaitable[Visitor]]:
    async def check(known: Annotated[Visitor, Depends(visitor)]) -> Visitor:
        if not known.may(permission):
            raise Refusal(403, f"{known.caller.role} may not {permission}")
        return known

    check.__name__ = f"may_{permission.name.lower()}"
    return check


def _acts(permission: Permission) -> Callable[[Visitor, str], Awaitable[Visitor]]:
    async def check(
        known: Annotated[Visitor, Depends(_needs(permission))],
        proof: Annotated[str, Form(max_length=200, description="what the page gave its forms")] = "",
    ) -> Visitor:
        if not hmac.compare_digest(proof.encode(), known.proof.encode()):
            raise Refusal(403, "this form is none of ours, or too old: load the page again")
        return known

    check.__name__ = f"act_{permission.name.lower()}"
    return check


# What a page says of who may see it, and what an act says of who may do it.
Looker = Annotated[Visitor, Depends(_needs(Permission.READ))]
Signed = Annotated[Visitor, Depends(_acts(Permission.READ))]
ActingScheduler = Annotated[Visitor, Depends(_acts(Permission.SCHEDULE))]
ActingCanceller = Annotated[Visitor, Depends(_acts(Permission.CANCEL_OWN))]  # of other's jobs: where it also may CANCEL
ActingRedriver = Annotated[Visitor, Depends(_acts(Permission.REDRIVE))]
ActingDiscarder = Annotated[Visitor, Depends(_acts(Permission.DISCARD))]
ActingAdministrator = Annotated[Visitor, Depends(_acts(Permission.ADMINISTER))]
