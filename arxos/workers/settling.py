"""Settle: effects, outcomes and follow-ups of attempts, in one fenced transaction."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import structlog

from arxos.domain.errors import TransientError
from arxos.domain.jobs.job import ClaimedJob
from arxos.domain.jobs.outcome import Outcome, Settlement
from arxos.domain.ports import OpenUnitOfWork
from arxos.tasks.kind import Effect
from arxos.workers.patience import DatabaseClock, patiently

SETTLE_FOR_S = 300.0  # how long settling is tried again while the database is away

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that ended: what to record, and what to write with it."""

    job: ClaimedJob
    clock: DatabaseClock
    settlement: Settlement
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Settler:
    """Records what became of one worker's attempts."""

    unit_of_work: OpenUnitOfWork
    worker: str
    random: Random
    spoilt: Callable[[Finished, Exception], Finished]  # what an attempt becomes whose effect raised this

    def settle(self, finished: Sequence[Finished]) -> Counter[str]:
        """Record the outcomes; where one effect spoils the shared transaction, each job gets its own.

        Returns how many had which outcome; ``fenced``: the attempt was taken back meanwhile, nothing was written.
        Raises TransientError where the database stays away.
        """
        try:
            return self._patiently(finished)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - an effect failed: it must fail its own job only
            if len(finished) == 1:
                return self._patiently([self.spoilt(finished[0], error)])
        return sum((self.settle([one]) for one in finished), Counter[str]())

    def _patiently(self, finished: Sequence[Finished]) -> Counter[str]:
        def settle(again: bool) -> Counter[str]:  # noqa: FBT001 - told by `patiently`
            return self._once(finished, again=again)

        return patiently(settle, doing="settle", for_s=SETTLE_FOR_S, random=self.random)

    def _once(self, finished: Sequence[Finished], *, again: bool) -> Counter[str]:
        settlements = [one.settlement for one in finished]
        with self.unit_of_work() as uow:
            current = uow.jobs.settle(settlements)
            for one in finished:
                if one.job.id in current and one.effect is not None:
                    one.effect(uow)
            # What a try before wrote, though its COMMIT was never answered, is no late worker's.
            ours = current | uow.jobs.recorded(self.worker, settlements) if again else current
            uow.commit()
        outcomes = Counter[str]()
        for one in finished:
            outcome = one.settlement.outcome if one.job.id in ours else "fenced"
            outcomes[outcome] += 1
            _log(one, outcome)
        return outcomes


def _log(one: Finished, outcome: str) -> None:
    ordinary = outcome in (Outcome.SUCCEEDED, Outcome.INTERRUPTED) and one.job.kind.startswith("probe.")
    (log.debug if ordinary else log.info)(
        "job_settled",
        job_id=str(one.job.id),
        kind=one.job.kind,
        queue=one.job.queue,
        attempt=one.job.attempt,
        outcome=outcome,
        state=one.settlement.state,
        retry_at=one.settlement.retry_at and one.settlement.retry_at.isoformat(),
        error=one.settlement.error_type,
        **request_of(one.job),
    )


def request_of(job: ClaimedJob) -> dict[str, str]:
    """For a line of the log: which request asked for the job, where one did."""
    return {"request_id": job.request_id} if job.request_id else {}
