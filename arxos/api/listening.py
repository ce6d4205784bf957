"""Hears of every change of a building, so that no answer is kept that has become wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import structlog

from arxos.api.answers import Answers
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import TransientError
from arxos.storage.database import Database
from arxos.storage.notices import Notices

CHANNEL = "arxos_building"
CHECK_S = 2.0  # how often the connection is asked whether it still answers, and how long it may take
TRUST_S = 3 * CHECK_S  # without a check for so long, whatever stood still, nothing that is kept is given
RETRY_S = 0.5

log = structlog.get_logger()


@asynccontextmanager
async def kept_answers(runtime: Runtime) -> AsyncIterator[Answers]:
    """Answers of this process, kept right until the block ends."""
    answers = Answers(runtime.settings.answers_mb << 20)
    listening = asyncio.create_task(Listener(runtime.database.hasty(CHECK_S), answers).run())
    try:
        yield answers
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


@dataclass(slots=True)
class Listener:
    """One connection a process."""

    database: Database
    answers: Answers
    lost: bool = False

    async def run(self) -> None:
        """Listen for ever; while nothing is heard, nothing is kept."""
        while True:
            try:
                async with self.database.notices(CHANNEL) as notices:
                    await self._follow(notices)
            except TransientError as error:
                self._lose(str(error))
            finally:
                self.answers.distrust()
            await asyncio.sleep(RETRY_S)

    async def _follow(self, notices: Notices) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await notices.check()
            self._forget(await notices.heard(0))  # what was told before the answer comes first
            self.answers.trust(TRUST_S)
            self._found()
            until = loop.time() + CHECK_S
            while (left := until - loop.time()) > 0:
                self._forget(await notices.heard(left))

    def _forget(self, changed: list[str]) -> None:
        for building_id in changed:
            try:
                self.answers.forget(UUID(building_id))
            except ValueError:  # somebody else's words on our channel, or a row without its building
                self.answers.distrust()

    def _lose(self, why: str) -> None:
        if not self.lost:
            log.warning("answers_not_kept", error=why)
        self.lost = True

    def _found(self) -> None:
        if self.lost:
            log.info("answers_kept_again")
        self.lost = False
