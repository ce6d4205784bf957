"""Tokens: exchanged for fresh ones, and revoked."""

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256

from fastapi import APIRouter, Request

from arxos.api.access import Reader
from arxos.api.acting import operator
from arxos.api.addresses import client_address
from arxos.api.callers import known_to
from arxos.api.problems import Refusal, documented
from arxos.api.schemas.tokens import EndedSubject, Refresh, Revocation, SubjectToEnd, Tokens
from arxos.api.serving.crowd import origin_of
from arxos.api.working import Served, in_thread
from arxos.app.tokens import ACCESS_S, issue
from arxos.domain.access import Permission, Role
from arxos.storage.refresh_tokens import RefreshTokens
from arxos.storage.revocations import FOR_GOOD

router = APIRouter(prefix="/api/tokens", tags=["tokens"])

THIS_ONE = Revocation()
ONESELF = SubjectToEnd()


@router.post("/refresh", summary="A fresh token for a refresh token", responses=documented(401, 501))
async def refresh(asked: Refresh, request: Request, runtime: Served) -> Tokens:
    """A refresh token is good once; repeated within 30 seconds it is answered as before, since an answer may be lost.

    One that is used later again, or after its successor, was copied by somebody: its whole family ends.
    """
    callers = known_to(request)
    if runtime.settings.jwt_secret is None:
        raise Refusal(501, "tokens are issued by others here: refresh them there")
    secret = runtime.settings.jwt_secret.get_secret_value()
    following = _successor(secret, asked.refresh_token)
    used = await in_thread(request, RefreshTokens(runtime.database).exchange, asked.refresh_token, following)
    if used is None:
        await callers.failed(origin_of(client_address(request)))
        raise Refusal(401, "the refresh token is not valid: it is unknown, expired, revoked or was used before",
                      headers={"WWW-Authenticate": 'Bearer realm="arxos"'})  # fmt: skip
    expires_s = max(1, min(ACCESS_S, int(used.left_s)))
    token = issue(secret, used.subject, Role(used.role), expires_s, used.family)
    return Tokens(access_token=token, expires_in=expires_s, refresh_token=following)


@router.post("/revoke", status_code=204, summary="Revoke a token")
async def revoke(request: Request, caller: Reader, which: Revocation = THIS_ONE) -> None:
    """One's own, or with the permission to administer anybody's by its `jti`. Every process knows within 2 seconds.

    What the token opened ends with it: console sessions, event streams, uploads.
    """
    own = caller.claims.token_id
    if which.jti not in {None, own} and not caller.may(Permission.ADMINISTER):
        raise Refusal(403, f"{caller.role} may revoke the token that the request bears, and no other")
    is_own = which.jti in {None, own}
    until = datetime.fromtimestamp(caller.claims.expires_at, UTC) if is_own else FOR_GOOD
    by = operator(request, caller, which.reason)
    revocations = known_to(request).revocations
    await in_thread(request, revocations.table.revoke, which.jti or own, by, until)
    await revocations.look_again()


@router.post("/revoke-all", summary="End everything of a subject")
async def revoke_all(request: Request, runtime: Served, caller: Reader, which: SubjectToEnd = ONESELF) -> EndedSubject:
    """Its sessions, its families of refresh tokens, and all tokens that were issued up to now.

    One's own, or with the permission to administer anybody's. Clocks may differ: tokens issued within the next
    `ARXOS_JWT_SKEW_S` seconds are refused, too.
    """
    subject = which.subject or caller.subject
    if subject != caller.subject and not caller.may(Permission.ADMINISTER):
        raise Refusal(403, f"{caller.role} may end what is {caller.subject}'s, and nobody else's")
    by = operator(request, caller, which.reason)
    revocations = known_to(request).revocations
    skew_s = runtime.settings.jwt_skew_s
    ended = await in_thread(request, revocations.table.end_subject, subject, by, skew_s)
    await revocations.look_again()
    return EndedSubject(sessions=ended.sessions, families=ended.families, tokens_until=ended.tokens_until)


def _successor(secret: str, token: str) -> str:
    """The refresh token that follows: always the same, so that a lost answer can be given again, and in no table."""
    made = hmac.digest(secret.encode(), b"refresh token after " + token.encode(), sha256)
    return urlsafe_b64encode(made).decode().rstrip("=")
