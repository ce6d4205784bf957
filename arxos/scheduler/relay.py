"""The relay: the only publisher. Due rows become messages; the Redis queues stay shallow."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from arxos.app.trouble import Trouble
from arxos.domain.errors import TransientError
from arxos.domain.jobs.limits import Allowance
from arxos.storage.database import Connection, Database
from arxos.storage.limit_acts import Limits
from arxos.storage.outbox import Outbox
from arxos.storage.turns import Lane
from arxos.workers.publisher import Publisher

POLL_S = 0.5  # how late a due time or a lost wake-up is noticed at worst
REFILL_S = 0.01  # how often a full queue is looked at while more is due
HELD_S = 0.05  # how late a limit that has room again is noticed
CHANNEL = "arxos_due"

log = structlog.get_logger()


@dataclass(slots=True)
class Relay:
    """Publishes due jobs. Any number of relays may run: rows are shared out by SKIP LOCKED."""

    outbox: Outbox
    publisher: Publisher
    queues: Sequence[str]
    depth: int
    limits: Limits
    allowed: Mapping[str, Allowance] = field(default_factory=dict)  # by kind: what comes with the code
    stopping: threading.Event = field(default_factory=threading.Event)
    trouble: Trouble = field(default_factory=lambda: Trouble("publish"))

    def step(self) -> tuple[int, float]:
        """Publish what fits. Returns how many messages, and for how many seconds to wait. Raises UnavailableError."""
        waiting = self.outbox.lanes(self.queues)
        if not waiting:
            return 0, POLL_S
        depths = self.publisher.depths(list(waiting))
        sent = 0
        for queue, lanes in waiting.items():
            room = self.depth - depths[queue]
            if room > 0:
                sent += self._fill(queue, room, lanes)
        due = any(not lane.held for lanes in waiting.values() for lane in lanes)
        return sent, REFILL_S if sent or due else HELD_S

    def _fill(self, queue: str, room: int, lanes: Sequence[Lane]) -> int:
        envelopes = self.outbox.take(queue, room, lanes)
        try:
            self.publisher.publish(envelopes)
        except TransientError:
            self.outbox.put_back(envelopes)
            raise
        if envelopes:
            log.debug("published", queue=queue, messages=len(envelopes), jobs=sum(len(e.jobs) for e in envelopes))
        return len(envelopes)

    def run(self, database: Database) -> None:
        """Publish until `stopping` is set; woken by the ledger, polling as a fallback, patient with outages."""
        wait = Backoff()
        while not self.stopping.is_set():
            try:
                with database.listener(CHANNEL) as wake:
                    self.limits.adopt(self.allowed)
                    self._follow(wake, wait)
            except TransientError as error:
                self.trouble.report(str(error))
                self.stopping.wait(wait.next())

    def _follow(self, wake: Connection, wait: "Backoff") -> None:
        while not self.stopping.is_set():
            _, wait_s = self.step()
            wait.reset()
            self.trouble.over()
            if wait_s < POLL_S:
                time.sleep(wait_s)
            else:
                next(wake.notifies(timeout=wait_s, stop_after=1), None)


@dataclass(slots=True)
class Backoff:
    """Growing waits between tries, in seconds."""

    seconds: float = 0.1

    def next(self) -> float:
        """The next wait: doubled each time, up to 2 s."""
        current, self.seconds = self.seconds, min(self.seconds * 2, 2.0)
        return current

    def reset(self) -> None:
        """It went well: begin again from the shortest."""
        self.seconds = 0.1
