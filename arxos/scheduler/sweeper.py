"""The sweeper: takes back what dead workers hold, publishes anew what Redis lost, cancels what is too late."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from arxos.app.trouble import Trouble
from arxos.domain.errors import TransientError, UnavailableError
from arxos.domain.ports import OpenUnitOfWork
from arxos.scheduler.sight import Sight
from arxos.scheduler.vacuum_watch import VacuumWatch
from arxos.storage.backlogs import Backlogs
from arxos.storage.outbox import Outbox
from arxos.workers.broker_check import broker_facts, evicts
from arxos.workers.publisher import Publisher

EVERY_S = 1.0
LOOK_EVERY_S = 10.0
COUNTING_SHARE = 20  # of this time, one part is spent on counting

log = structlog.get_logger()


@dataclass(slots=True)
class Sweeper:
    """Periodic duties on the ledger; each one stands alone, so one that fails stops no other."""

    unit_of_work: OpenUnitOfWork
    outbox: Outbox
    publisher: Publisher
    queues: Sequence[str]
    lease_s: float
    republish_s: float
    vacuum: VacuumWatch
    backlogs: Backlogs
    endings: Callable[[OpenUnitOfWork], int]
    stopping: threading.Event = field(default_factory=threading.Event)
    _troubles: dict[str, Trouble] = field(default_factory=dict)
    _next_look: float = 0.0
    _next_count: float = 0.0
    _declared: bool = False  # by us: who finds a new broker bare need not be alarmed
    _sight: Sight = field(init=False)

    def __post_init__(self) -> None:
        self._sight = Sight(gap_s=self.lease_s / 2)

    @property
    def broker_trouble(self) -> Trouble:
        """What was found when the broker was looked at last."""
        return self._trouble_of("look_at_broker")

    def run(self) -> None:
        """Sweep every second until `stopping` is set.

        An unforeseen error ends the relay, too: the supervisor restarts both.
        """
        try:
            while not self.stopping.wait(EVERY_S):
                self._sweep()
        finally:
            self.stopping.set()

    def _sweep(self) -> None:
        answered = [self._try(duty) for duty in (self.take_back, self.expire)]
        if all(answered):
            self._sight.seen()
        with self._sight.elsewhere():
            self._try(self.tell_endings)
            self._try(self.publish_again)
            self._try(self.count_backlogs)
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + LOOK_EVERY_S
                self._try(self.look_at_broker)
                self._try(self.look_at_vacuum)

    def _try(self, duty: Callable[[], None]) -> bool:
        trouble = self._trouble_of(duty.__name__)
        try:
            duty()
        except TransientError as error:
            trouble.report(str(error))
            return False
        trouble.over()
        return True

    def _trouble_of(self, duty: str) -> Trouble:
        return self._troubles.setdefault(duty, Trouble(duty))

    def take_back(self) -> None:
        """Running jobs whose worker was silent beyond its lease are tried again elsewhere.

        Where we could not reach the database, perhaps no worker could: each then has a lease's time to be heard again.
        """
        if self._sight.steady_s() < self.lease_s:
            return
        with self.unit_of_work() as uow:
            taken = uow.jobs.sweep(self.lease_s)
            uow.commit()
        if taken:
            log.warning("leases_expired", jobs=[str(job_id) for job_id in taken])

    def expire(self) -> None:
        """Jobs beyond their deadline are cancelled: waiting ones at once, running ones are told."""
        with self.unit_of_work() as uow:
            expired = uow.jobs.expire()
            uow.commit()
        if expired:
            log.info("deadlines_passed", jobs={str(one.job_id): one.state for one in expired})

    def tell_endings(self) -> None:
        """Jobs that are over, and whose webhook is to hear of it, become jobs that tell it."""
        self.endings(self.unit_of_work)

    def publish_again(self) -> None:
        """Jobs published a while ago, unclaimed, and named by no waiting message: what carried them is gone."""
        for queue in self.outbox.overdue(self.queues, self.republish_s):
            # Where there are too many messages to look through, all count as gone. The relay publishes none of them
            # before there is room, and a job that is delivered twice is claimed once.
            waiting = self.publisher.waiting(queue) or ()
            again = self.outbox.publish_again(queue, self.republish_s, waiting)
            if again:
                log.warning("published_again", queue=queue, jobs=again)

    def look_at_broker(self) -> None:
        """Restore what is missing there. Raises UnavailableError, also for a broker that may drop messages."""
        missing = self.publisher.declare_missing()
        if missing and self._declared:
            log.warning("bindings_missing", queues=missing, action="declared again")
        self._declared = True
        if problem := evicts(broker_facts(self.publisher)):
            raise UnavailableError(problem)

    def count_backlogs(self) -> None:
        """Tell those who submit how much is due; where counting takes long, less often."""
        if (began := time.monotonic()) >= self._next_count:
            self.backlogs.measure(self.queues)
            self._next_count = time.monotonic() + COUNTING_SHARE * (time.monotonic() - began)

    def look_at_vacuum(self) -> None:
        """Tell of transactions that keep dead rows from being cleared."""
        self.vacuum.look()
