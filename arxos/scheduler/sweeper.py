"""The sweeper: takes back what dead workers hold, publishes anew what Redis lost, cancels what is too late."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from arxos.domain.errors import TransientError
from arxos.domain.ports import OpenUnitOfWork
from arxos.storage.outbox import Outbox
from arxos.workers.publisher import Publisher

EVERY_S = 1.0

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
    stopping: threading.Event = field(default_factory=threading.Event)

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
        for duty in (self.take_back, self.expire, self.publish_again):
            try:
                duty()
            except TransientError as error:
                log.warning("sweep_delayed", duty=duty.__name__, error=str(error))

    def take_back(self) -> None:
        """Running jobs whose worker was silent beyond its lease are tried again elsewhere."""
        with self.unit_of_work() as uow:
            taken = uow.jobs.sweep(self.lease_s)
            uow.commit()
        if taken:
            log.warning("leases_expired", jobs=[str(job_id) for job_id in taken])

    def expire(self) -> None:
        """Waiting jobs beyond their deadline are cancelled."""
        with self.unit_of_work() as uow:
            expired = uow.jobs.expire()
            uow.commit()
        if expired:
            log.info("deadlines_passed", jobs=[str(job_id) for job_id in expired])

    def publish_again(self) -> None:
        """Jobs published a while ago, still unclaimed though their Redis queue is empty: the message is gone."""
        depths = self.publisher.depths(self.queues)
        again = self.outbox.publish_again([queue for queue, depth in depths.items() if depth == 0], self.republish_s)
        if again:
            log.warning("published_again", jobs=again)
