"""What a running body sees of its attempt."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from arxos.domain.errors import CancelledError, TransientError
from arxos.domain.jobs.job import ClaimedJob
from arxos.domain.ports import Ports
from arxos.workers.patience import DatabaseClock
from arxos.workers.telling import Told

REPORT_EVERY_S = 0.5


@dataclass(slots=True)
class RunningAttempt:
    """One attempt, and the throttle on its progress reports."""

    job: ClaimedJob
    ports: Ports
    told: Told
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

    def check(self) -> None:
        """Raises CancelledError once the job is cancelled; in a thread TimedOutError, once, after the soft limit."""
        self.told.check()

    def progress(self, done: float, note: str = "") -> None:
        """Store progress, at most twice a second.

        Raises as `check` does, and ConflictError once the attempt was taken back.
        """
        self.check()
        if time.monotonic() < self._next_report:
            return
        self._next_report = time.monotonic() + REPORT_EVERY_S
        with self.told.undisturbed():  # a transaction is not torn
            cancelled_by = self._report(min(max(done, 0.0), 1.0), note)
        self.check()
        if cancelled_by is not None:
            raise CancelledError(f"cancelled by {cancelled_by}")

    def _report(self, done: float, note: str) -> str | None:
        try:
            with self.ports.unit_of_work() as uow:
                cancelled_by = uow.jobs.report_progress(self.job.id, self.job.attempt, done, note)
                uow.commit()
        except TransientError:
            return None  # progress is a courtesy: the work goes on while the database is away
        return cancelled_by
