"""Jobs whose process died: taken back as soon as the database allows it."""

import math
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from arxos.domain.ports import OpenUnitOfWork
from arxos.storage.outbox import Outbox

# The server goes on with the statement that a dead process has begun, and its rows are locked meanwhile: nobody can
# take them back. How long that may take is bounded by the statement timeout of 60 s.
LOOK_FOR_S = 90.0

log = structlog.get_logger()


@dataclass(slots=True)
class Loss:
    """A delivery whose process died, and the jobs that its message named."""

    delivery: UUID
    reason: str
    jobs: Sequence[UUID]
    reported: float = math.inf  # when first, by the monotonic clock; infinite: not yet
    noticed: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Losses:
    """Any thread may add to them; one reports."""

    unit_of_work: OpenUnitOfWork
    outbox: Outbox
    added: threading.Event = field(default_factory=threading.Event)
    _new: "queue.SimpleQueue[Loss]" = field(default_factory=queue.SimpleQueue)
    _recent: list[Loss] = field(default_factory=list)

    def add(self, delivery: UUID, reason: str, jobs: Sequence[UUID] = ()) -> Loss:
        """The process that ran this delivery is dead."""
        loss = Loss(delivery, reason, jobs)
        self._new.put(loss)
        self.added.set()
        return loss

    def report(self) -> None:
        """Take back what was lost, a little later once more what was locked. Raises TransientError."""
        while not self._new.empty():
            self._recent.append(self._new.get())
        for loss in self._recent:
            self._take_back(loss)
        self._recent = [loss for loss in self._recent if time.monotonic() - loss.reported < LOOK_FOR_S]

    def _take_back(self, loss: Loss) -> None:
        if math.isinf(loss.reported) and loss.jobs:
            self.outbox.due_again(loss.jobs)  # those that it had not claimed yet; waits for a claim under way
        with self.unit_of_work() as uow:
            ago_s = time.monotonic() - loss.noticed
            taken = uow.jobs.lose(loss.reason, delivery=loss.delivery, ago_s=ago_s)
            uow.commit()
        loss.reported = min(loss.reported, time.monotonic())
        if taken:
            jobs = [str(job_id) for job_id in taken]
            log.warning("jobs_lost", delivery=str(loss.delivery), jobs=jobs, reason=loss.reason)
