"""How the interface does, by the minute: what objectives are held against."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from anyio import to_thread

from arxos.app.bootstrap import Runtime, hasty
from arxos.app.presence import new_service
from arxos.domain.errors import TransientError
from arxos.domain.rollups.sketch import Sketch
from arxos.storage.request_minutes import Minute, RequestMinutes

COUNTED = "/api/"  # the console is for few, probes are asked by machines
UNTIMED = ("/events", "/model")  # they take as long as their caller does
MOST = 120  # minutes that wait for a database which is away


def minute_of(moment: datetime) -> datetime:
    """The beginning of its minute."""
    return moment.replace(second=0, microsecond=0)


@dataclass(slots=True)
class Minutes:
    """The minute that goes on, and those that are over and not written yet. Used in one thread."""

    since: datetime
    requests: int = 0
    errors: int = 0
    took: Sketch = field(default_factory=Sketch)
    over: deque[Minute] = field(default_factory=lambda: deque[Minute](maxlen=MOST))

    def count(self, route: str, status: int, seconds: float) -> None:
        """An answer begins. Cheap: nothing is waited for."""
        if not route.startswith(COUNTED):
            return
        self.requests += 1
        self.errors += status >= 500
        if not route.endswith(UNTIMED):
            self.took.add(seconds)

    def turn(self, now: datetime) -> None:
        """Where another minute has begun, the one before is over, and so are those in which nothing happened."""
        while self.since < minute_of(now):
            self.over.append(Minute(self.since, self.requests, self.errors, self.took.bins()))
            self.since = max(self.since + timedelta(minutes=1), minute_of(now) - timedelta(minutes=MOST))
            self.requests, self.errors, self.took = 0, 0, Sketch()

    def close(self) -> None:
        """The one that goes on is over, too."""
        self.over.append(Minute(self.since, self.requests, self.errors, self.took.bins()))


@asynccontextmanager
async def told(runtime: Runtime) -> AsyncIterator[Minutes]:
    """Write each minute when it is over, for as long as the context lasts; what is not over yet at its end."""
    minutes, table, process = Minutes(minute_of(datetime.now(UTC))), _table(runtime), new_service("api").id

    async def go_on() -> None:
        while True:
            await asyncio.sleep(61 - datetime.now(UTC).second)
            minutes.turn(datetime.now(UTC))
            await to_thread.run_sync(write, table, process, minutes.over)

    task = asyncio.create_task(go_on())
    try:
        yield minutes
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        minutes.turn(datetime.now(UTC))
        minutes.close()
        await to_thread.run_sync(write, table, process, minutes.over)
        table.database.close()


def _table(runtime: Runtime) -> RequestMinutes:
    return RequestMinutes(hasty(runtime).database)


def write(table: RequestMinutes, process: str, over: deque[Minute]) -> None:
    """The oldest first; where the database is away, later."""
    with suppress(TransientError):
        while over:
            table.keep(process, over[0])
            over.popleft()
