"""What a running body sees of its attempt."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from arxos.domain.errors import CancelledError, TransientError
from arxos.domain.jobs.job import ClaimedJob
from arxos.domain.ports import Ports
from arxos.workers.patience import DatabaseClock
from arxos.workers.soft_limit import SoftLimit

REPORT_EVERY_S = 0.5


@dataclass(slots=True)
class RunningAttempt:
    """One attempt, and the throttle on its progress reports."""

    job: ClaimedJob
    ports: Ports
    soft_limit: SoftLimit
    clock: DatabaseClock
    _next_report: float = field(default=0.0, init=False)

    @property
    def job_id(self) -> UUID:
        return self.job.id

    @property
    def number(self) -> int:
        return self.job.attempt

    @property
    def submitted_by(self) -> str | None:
        return self.job.submitted_by

    def now(self) -> datetime:
        return self.clock.now()

    def progress(self, done: float, note: str = "") -> None:
        """Store progress, at most twice a second.

        Raises CancelledError once somebody cancelled the job, ConflictError once the attempt was taken back; in a
        thread TimedOutError, once, after the soft limit.
        """
        self.soft_limit.check()
        if time.monotonic() < self._next_report:
            return
        self._next_report = time.monotonic() + REPORT_EVERY_S
        try:
            with self.ports.unit_of_work() as uow:
                cancelled_by = uow.jobs.report_progress(self.job.id, self.job.attempt, min(max(done, 0.0), 1.0), note)
                uow.commit()
        except TransientError:
            return  # progress is a courtesy: the work goes on while the database is away
        if cancelled_by is not None:
            raise CancelledError(f"cancelled by {cancelled_by}")
