"""Tells running bodies that their jobs are cancelled, and ends those that do not stop."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from arxos.domain.jobs.ledger import CancelRequest
from arxos.domain.ports import OpenUnitOfWork
from arxos.workers.guard import kill_group
from arxos.workers.notices import Notices
from arxos.workers.requests import running_requests
from arxos.workers.telling import LOOK

log = structlog.get_logger()


@dataclass(slots=True)
class Cancelling:
    """Looks into the ledger for what this worker runs and is to stop. The only writer of its notices.

    A child that does not stop within `grace_s` is killed with all that it started, as at a hard limit. A thread cannot
    be: it goes on, but its job is not its own any more.
    """

    unit_of_work: OpenUnitOfWork
    worker: str
    notices: Notices
    grace_s: float
    _since: dict[CancelRequest, float] = field(default_factory=dict)

    def look(self) -> None:
        """Tell whoever is to stop, again while it has not; end it when it was told too long ago.

        Raises TransientError. To be called about once a second.
        """
        with self.unit_of_work() as uow:
            asked = uow.jobs.cancel_requests(self.worker)
        self._since = {one: self._since.get(one) or self._note(one) for one in asked}
        if not asked:
            return
        pids = {UUID(request.id): request.worker_pid for request in running_requests() if _is_ours(request.id)}
        due = time.monotonic() - self.grace_s
        overdue = [one for one in asked if self._since[one] <= due]
        for pid in _children(asked, pids):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, LOOK)
        if overdue:
            self._end(overdue, pids)

    def _note(self, one: CancelRequest) -> float:
        log.info("job_told_to_stop", job_id=str(one.job_id), attempt=one.attempt, delivery=str(one.delivery))
        self.notices.put(one.job_id, one.attempt)
        return time.monotonic()

    def _end(self, overdue: Sequence[CancelRequest], pids: Mapping[UUID, int]) -> None:
        """The process first: it may hold the job's row. Whoever travelled with it loses nothing by that."""
        killed = [one for one in overdue if pids.get(one.delivery, os.getpid()) != os.getpid()]
        for pid in _children(killed, pids):
            kill_group(pid)
        deaf = f"it did not stop within {self.grace_s:g} s after it was told"
        with self.unit_of_work() as uow:
            stopped = uow.jobs.stop(killed, f"{deaf}, and was killed")
            stopped += uow.jobs.stop(overdue, f"{deaf}: what it still writes is void")
            for delivery in {one.delivery for one in killed}:
                uow.jobs.abandon(self.worker, delivery)
            uow.commit()
        log.warning("cancelled_jobs_did_not_stop", jobs=[str(job_id) for job_id in stopped], killed=len(killed))


def _children(requests: Sequence[CancelRequest], pids: Mapping[UUID, int]) -> set[int]:
    """The processes that run these; threads are none."""
    return {pids[one.delivery] for one in requests if one.delivery in pids} - {os.getpid()}


def _is_ours(delivery: str) -> bool:
    """Whether it is a delivery of the relay's; by others nothing was claimed."""
    with suppress(ValueError):
        return bool(UUID(delivery))
    return False
