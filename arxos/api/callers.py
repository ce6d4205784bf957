"""Who calls: tokens that were verified, tokens that were revoked, and how much each caller asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from time import time

import structlog
from anyio import to_thread
from fastapi import Request
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from arxos.app.bootstrap import Runtime
from arxos.app.tokens import Claims, Verifier, WrongTokenError
from arxos.app.verifying import verifier_of
from arxos.domain.errors import TransientError
from arxos.storage.access import AccessTable

LOOK_S = 1.0  # how often it is asked which tokens were revoked
REMEMBERED = 10_000  # verified tokens

log = structlog.get_logger()


@dataclass(slots=True)
class Callers:
    """Of one process. `known`: what tokens say, by their digests; checked again when they expire."""

    verifier: Verifier
    access: AccessTable
    per_second: RateLimitItemPerSecond
    failures: RateLimitItemPerMinute
    known: dict[bytes, Claims] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    limiter: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))
    _heard: datetime | None = None

    async def claims(self, token: str) -> Claims:
        """What the token says. Raises WrongTokenError; UnavailableError where its key cannot be had."""
        digest = blake2b(token.encode(), digest_size=16).digest()
        claims = self.known.get(digest)
        if claims is None or claims.expires_at + self.verifier.skew_s <= time():
            claims = await self._verified(token, digest)
        if claims.token_id in self.revoked:
            raise WrongTokenError("the token is not valid: it was revoked")
        return claims

    def asks_too_much(self, subject: str) -> bool:
        """Counts one request of this caller's."""
        return not self.limiter.hit(self.per_second, "subject", subject)

    def failed(self, address: str) -> None:
        """Counts a token that was none."""
        self.limiter.hit(self.failures, "failed", address)

    def fails_too_often(self, address: str) -> bool:
        """Whether somebody there is guessing."""
        return not self.limiter.test(self.failures, "failed", address)

    async def _verified(self, token: str, digest: bytes) -> Claims:
        # By our own secret it takes microseconds; another's keys may have to be fetched first.
        if self.verifier.jwks is None:
            claims = self.verifier.verify(token)
        else:
            claims = await to_thread.run_sync(self.verifier.verify, token)
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        self.known[digest] = claims
        return claims

    async def listen(self) -> None:
        """Hear of revoked tokens, for ever."""
        while True:
            with suppress(TransientError):  # what was heard before stays true
                await to_thread.run_sync(self.look)
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Which tokens were revoked since the last look; a little before, for transactions that took their time."""
        found = self.access.revoked_since(self._heard)
        self.revoked |= {jti for jti, _ in found}
        self._heard = max([at for _, at in found], default=self._heard)


def callers_of(runtime: Runtime) -> Callers:
    """Whom this process knows: nobody yet."""
    settings = runtime.settings
    return Callers(
        verifier_of(settings),
        AccessTable(runtime.database),
        RateLimitItemPerSecond(settings.requests_per_s),
        RateLimitItemPerMinute(settings.failures_per_minute),
    )


def known_to(request: Request) -> Callers:
    """Whom the process knows that answers this request."""
    callers: Callers = request.app.state.callers
    return callers


@asynccontextmanager
async def listening(callers: Callers) -> AsyncIterator[None]:
    """They hear of revoked tokens until the block ends."""
    task = asyncio.create_task(callers.listen())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
