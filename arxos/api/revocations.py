"""What opens nothing any more, as one process knows it: heard within a second, and never believed when it is old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, time

import structlog
from anyio import CapacityLimiter, to_thread

from arxos.app.claims import Claims
from arxos.domain.errors import TransientError, UnavailableError
from arxos.storage.revocations import Ended, RevocationTable

LOOK_S = 1.0  # how often it is asked what was ended
TRUST_S = 10.0  # without an answer for so long, no token is believed: it may have been revoked meanwhile
FAILED_S = 5.0  # for how long after a failure only `listen` asks
FORGET_S = 3600.0  # how often what has long expired is deleted

log = structlog.get_logger()

WORDS = {
    "token": "it was revoked",
    "family": "its family of refresh tokens was ended",
    "session": "the session was ended",
    "subject": "everything of its subject was ended after it was issued",
}


@dataclass(slots=True)
class Revocations:
    """Of one process. `_names`: what was ended, and when that can be forgotten; `_subjects`: up to when it counts."""

    table: RevocationTable
    _names: dict[tuple[str, str], float] = field(default_factory=dict)
    _subjects: dict[str, float] = field(default_factory=dict)
    _heard: datetime | None = None
    _looked_at: float = float("-inf")
    _failed_at: float = float("-inf")
    _forgotten_at: float = field(default_factory=monotonic)
    _looking: asyncio.Task[None] | None = None
    _thread: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))

    def why_ended(self, claims: Claims) -> str | None:
        """Why what these claims opened is over; None while it is not, as far as is known."""
        names = (("token", claims.token_id), ("family", str(claims.family)), ("session", str(claims.session_id)))
        if ended := next((name for name in names if name in self._names), None):
            return WORDS[ended[0]]
        until = self._subjects.get(claims.subject)
        # One that does not say when it was issued may be from before.
        if until is not None and (claims.issued_at is None or claims.issued_at <= until):
            return WORDS["subject"]
        return None

    async def catch_up(self) -> None:
        """Wait until it is known what was ended lately. Raises UnavailableError where it cannot be asked."""
        if not self.is_known and monotonic() - self._failed_at > FAILED_S:  # else it would keep everybody waiting
            await self.look()
        if not self.is_known:
            raise UnavailableError(f"which tokens were revoked could not be asked for {TRUST_S:g} s")

    @property
    def is_known(self) -> bool:
        """Whether what was ended is known up to a few seconds ago."""
        return monotonic() - self._looked_at <= TRUST_S

    async def look(self) -> None:
        """Ask now; who asks at the same time gets the same answer. That none comes is no error."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        await asyncio.shield(self._looking)

    async def look_again(self) -> None:
        """Ask after something was ended: an answer that is on its way may not tell of it yet."""
        if self._looking is not None:
            await asyncio.shield(self._looking)
        await self.look()

    async def listen(self) -> None:
        """Ask again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        began = monotonic()
        try:
            self._learn(await to_thread.run_sync(self.table.since, self._heard, limiter=self._thread))
            self._looked_at = began
            if began - self._forgotten_at > FORGET_S:
                self._forgotten_at = began
                await to_thread.run_sync(self._forget, limiter=self._thread)
        except TransientError as error:
            self._failed_at = monotonic()
            log.debug("revocations_not_heard", error=str(error))
        finally:
            self._looking = None

    def _learn(self, found: list[Ended]) -> None:
        for one in found:
            if one.what == "subject":
                self._subjects[one.name] = one.until.timestamp()
            else:
                self._names[one.what, one.name] = one.until.timestamp()
        self._heard = max([one.at for one in found], default=self._heard)

    def _forget(self) -> None:
        """What has been expired for long, whatever clock is wrong."""
        over = time() - 86_400
        self._names = {name: until for name, until in self._names.items() if until > over}
        self.table.forget()


@asynccontextmanager
async def hearing(revocations: Revocations) -> AsyncIterator[None]:
    """They hear of what was ended until the block ends."""
    await revocations.look()
    task = asyncio.create_task(revocations.listen())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        revocations.table.database.close()
