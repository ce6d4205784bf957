"""What a channel of PostgreSQL tells, for whoever must also know when it tells nothing any more."""

import asyncio
from dataclasses import dataclass
from typing import Any

import psycopg

from arxos.domain.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Notices:
    """A connection that listens. `answer_s`: how long it may be silent when it is asked."""

    connection: psycopg.AsyncConnection[Any]
    answer_s: float

    async def heard(self, within_s: float) -> list[str]:
        """What was told, as soon as anything was, or nothing after so many seconds."""
        return [notice.payload async for notice in self.connection.notifies(timeout=within_s, stop_after=1)]

    async def check(self) -> None:
        """Ask the server. What it had told before it answered is heard next. Raises UnavailableError."""
        try:
            async with asyncio.timeout(self.answer_s):
                await self.connection.execute("SELECT 1")
        except TimeoutError as error:
            raise UnavailableError(f"the database does not answer within {self.answer_s:g} s") from error
