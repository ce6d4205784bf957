"""Who calls: tokens that were verified, whether they still count, and how much each caller asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from time import time

from anyio import to_thread
from fastapi import Request
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond

from arxos.api.problems import Refusal
from arxos.api.rates import Rates
from arxos.api.revocations import Revocations, hearing
from arxos.app.bootstrap import Runtime
from arxos.app.tokens import Claims, Verifier, WrongTokenError
from arxos.app.verifying import verifier_of
from arxos.storage.revocations import RevocationTable
from arxos.storage.shared_rates import SharedRates

REMEMBERED = 10_000  # verified tokens
ASK_S = 2.0  # how long the question what was revoked may take
KEYS_LOOK_S = 1.0  # how often it is looked whether published keys are due to be fetched again


@dataclass(slots=True)
class Callers:
    """Of one process. `known`: what tokens say, by their digests; verified again when they expire or lose their key."""

    verifier: Verifier
    revocations: Revocations
    per_second: RateLimitItemPerSecond
    per_second_from: RateLimitItemPerSecond
    failures: RateLimitItemPerMinute
    rates: Rates
    known: dict[bytes, Claims] = field(default_factory=dict)

    async def claims(self, token: str) -> Claims:
        """What the token says.

        Raises WrongTokenError; UnavailableError where its key cannot be had, or nobody knows whether it was revoked.
        """
        digest = blake2b(token.encode(), digest_size=16).digest()
        claims = self.known.get(digest)
        if claims is None or self._is_over(claims) or not self.verifier.believes(claims.key):
            self.known.pop(digest, None)
            claims = await self._verified(token, digest)
        await self.revocations.catch_up()
        if (why := self.revocations.why_ended(claims)) is not None:
            raise WrongTokenError(f"the token is not valid: {why}")
        return claims

    def why_ended(self, claims: Claims) -> str | None:
        """Why what these claims opened is over by now; None while it may go on."""
        if claims.expires_at <= time():
            return "it has expired"
        if not self.verifier.believes(claims.key):
            return "nobody publishes its key"
        return self.revocations.why_ended(claims)

    def _is_over(self, claims: Claims) -> bool:
        return claims.expires_at + self.verifier.skew_s <= time()

    async def asks_too_much(self, subject: str) -> bool:
        """Counts one request of this caller's."""
        return not await self.rates.allows(self.per_second, "subject", subject)

    async def count_address(self, origin: str) -> None:
        """Counts one request from there. Raises Refusal (429)."""
        if not await self.rates.allows(self.per_second_from, origin):
            raise Refusal(429, "more requests a second than one address may send", headers={"Retry-After": "1"})

    async def failed(self, origin: str) -> None:
        """Counts a token that was none. Raises Refusal (429) where somebody there is guessing."""
        if not await self.rates.allows(self.failures, "failed", origin):
            raise Refusal(429, "too many tokens from there were not valid", headers={"Retry-After": "60"})

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

    async def follow_keys(self) -> None:
        """Fetch published keys again and again, for ever: one that was withdrawn must not be believed for long."""
        while self.verifier.jwks is not None:
            await to_thread.run_sync(self.verifier.jwks.refresh_if_due)
            await asyncio.sleep(KEYS_LOOK_S)


def callers_of(runtime: Runtime) -> Callers:
    """Whom this process knows: nobody yet."""
    settings = runtime.settings
    return Callers(
        verifier_of(settings),
        # Connections of its own: it is heard in time also while all others are in use.
        Revocations(RevocationTable(runtime.database.hasty(ASK_S))),
        RateLimitItemPerSecond(settings.requests_per_s),
        RateLimitItemPerSecond(settings.address_requests_per_s),
        RateLimitItemPerMinute(settings.failures_per_minute),
        Rates(SharedRates(settings.cache_url), settings.api_processes),
    )


def known_to(request: Request) -> Callers:
    """Whom the process knows that answers this request."""
    callers: Callers = request.app.state.callers
    return callers


@asynccontextmanager
async def listening(callers: Callers) -> AsyncIterator[None]:
    """They hear of what was ended, and of withdrawn keys, until the block ends."""
    task = asyncio.create_task(callers.follow_keys())
    try:
        async with hearing(callers.revocations):
            yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
