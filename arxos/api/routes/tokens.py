"""Tokens: exchanged for fresh ones, and revoked."""

from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

from fastapi import APIRouter, Request

from arxos.api.access import Reader
from arxos.api.acting import operator
from arxos.api.addresses import client_address
from arxos.api.callers import known_to
from arxos.api.problems import Refusal, documented
from arxos.api.schemas.tokens import Refresh, Revocation, Tokens
from arxos.api.working import Served, in_thread
from arxos.app.tokens import ACCESS_S, issue
from arxos.domain.access import Permission, Role

router = APIRouter(prefix="/api/tokens", tags=["tokens"])

THIS_ONE = Revocation()
REMEMBERED = timedelta(days=366)  # a revocation, where nobody knows how long the token would be good for


@router.post("/refresh", summary="A fresh token for a refresh token", responses=documented(401, 501))
async def refresh(asked: Refresh, request: Request, runtime: Served) -> Tokens:
    """A refresh token is good once. One that is used twice was copied by somebody: its whole family ends."""
    callers = known_to(request)
    secret = runtime.settings.jwt_secret
    if secret is None:
        raise Refusal(501, "tokens are issued by others here: refresh them there")
    address = client_address(request)
    if callers.fails_too_often(address):
        raise Refusal(429, "too many tokens from there were not valid", headers={"Retry-After": "60"})
    following = token_urlsafe(32)
    used = await in_thread(request, callers.access.exchange, asked.refresh_token, following)
    if used is None:
        callers.failed(address)
        raise Refusal(401, "the refresh token is not valid: it is unknown, expired, revoked or was used before",
                      headers={"WWW-Authenticate": 'Bearer realm="arxos"'})  # fmt: skip
    expires_s = max(1, min(ACCESS_S, int(used.left_s)))
    token = issue(secret.get_secret_value(), used.subject, Role(used.role), expires_s)
    return Tokens(access_token=token, expires_in=expires_s, refresh_token=following)


@router.post("/revoke", status_code=204, summary="Revoke a token")
async def revoke(request: Request, caller: Reader, which: Revocation = THIS_ONE) -> None:
    """One's own, or with the permission to administer anybody's by its `jti`. Every process knows within 2 seconds."""
    callers = known_to(request)
    jti = which.jti or caller.token_id
    if jti is None:
        raise Refusal(422, "the token has no jti, by which it could be revoked")
    if jti != caller.token_id and not caller.may(Permission.ADMINISTER):
        raise Refusal(403, f"{caller.role} may revoke the token that the request bears, and no other")
    until = datetime.now(UTC) + REMEMBERED
    await in_thread(request, callers.access.revoke, jti, until, operator(request, caller, which.reason))
    callers.revoked.add(jti)
