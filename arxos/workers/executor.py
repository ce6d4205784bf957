"""Claim, run, settle: the one place where jobs are executed."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import structlog

from arxos.domain.errors import ArxosError, InterruptedError_, TransientError
from arxos.domain.jobs.job import ClaimedJob
from arxos.domain.jobs.outcome import Outcome, Settlement, failed, given_back, succeeded
from arxos.domain.ports import Ports
from arxos.tasks.kind import Effect, JobKind
from arxos.tasks.registry import find_kind, parse_payload
from arxos.workers.attempt import RunningAttempt
from arxos.workers.soft_limit import soft_limit

BATCH_BUDGET_S = 2.0  # what a message's jobs may take together before the rest is given back
SETTLE_EVERY_S = 0.5  # how long a finished job of a batch waits for its mates
SETTLE_FOR_S = 300.0  # how long settling is tried again while the database is away
TOLD_TO_STOP = -(256 - 64)  # billiard ends a child that gets signal n with SystemExit(-(256 - n))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that ended: what to record, and what to write with it."""

    job: ClaimedJob
    settlement: Settlement
    effect: Effect | None = None


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Executor:
    """Executes deliveries for one worker. Safe to share between threads."""

    kinds: Mapping[str, JobKind[Any]]
    ports: Ports
    worker: str
    now: Callable[[], datetime] = utc_now
    random: Random = field(default_factory=Random)

    def deliver(self, kind: str, ids: Sequence[UUID], delivery: UUID) -> str:
        """Run what of these jobs can be claimed; says what became of them: ``200 succeeded``.

        Raises UnavailableError when an outcome could not be recorded: then the process must not go on as if it had.
        """
        outcomes = Counter[str]()
        for finished in self._run(self._claim(ids, delivery)):
            outcomes.update(self._settle(finished))
        if len(ids) > 1:
            log.info("batch_settled", kind=kind, delivery=str(delivery), **outcomes)
        return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "nothing to do"

    def _claim(self, ids: Sequence[UUID], delivery: UUID) -> list[ClaimedJob]:
        with self.ports.unit_of_work() as uow:
            jobs = uow.jobs.claim(ids, self.worker, delivery)
            uow.commit(durable=False)  # a claim lost in a crash of the server only means: claimed again, fenced
        return jobs

    def _run(self, jobs: Sequence[ClaimedJob]) -> Iterator[list[Finished]]:
        """Attempt the jobs in turn; yield the finished ones in groups that are worth a transaction."""
        began = settled = time.monotonic()
        finished: list[Finished] = []
        for place, job in enumerate(jobs):
            over = place > 0 and time.monotonic() - began > BATCH_BUDGET_S
            finished.append(Finished(job, given_back(job)) if over else self._attempt(job))
            if time.monotonic() - settled > SETTLE_EVERY_S and not over:
                yield finished
                finished, settled = [], time.monotonic()
        if finished:
            yield finished

    def _attempt(self, job: ClaimedJob) -> Finished:
        try:
            kind = find_kind(self.kinds, job.kind)
            payload = parse_payload(kind, job.payload)
            with soft_limit(kind.soft_limit_s) as limit:
                done = kind.run(payload, RunningAttempt(job, self.ports, limit))
            result = done.result.model_dump(mode="json") if done.result else None
        except SystemExit as error:
            told = isinstance(error.code, int) and error.code <= TOLD_TO_STOP
            return self._failed(job, InterruptedError_("the worker was told to stop") if told else error)
        except Exception as error:  # noqa: BLE001 - the one place that stands between any body and the worker
            return self._failed(job, error)
        return Finished(job, succeeded(job, result), done.effect)

    def _failed(self, job: ClaimedJob, error: BaseException) -> Finished:
        if not isinstance(error, ArxosError):
            log.warning("job_raised", job_id=str(job.id), kind=job.kind, attempt=job.attempt, exc_info=error)
        return Finished(job, failed(job, error, self.now(), self.random))

    def _settle(self, finished: Sequence[Finished]) -> Counter[str]:
        """Record the outcomes; where one effect spoils the shared transaction, each job gets its own."""
        try:
            return self._settle_patiently(finished)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - an effect failed: it must fail its own job only
            if len(finished) == 1:
                return self._settle_patiently([self._failed(finished[0].job, error)])
        return sum((self._settle([one]) for one in finished), Counter[str]())

    def _settle_patiently(self, finished: Sequence[Finished]) -> Counter[str]:
        """Try again while the database is away. If a COMMIT's answer was lost, the fence tells at the next try."""
        deadline = time.monotonic() + SETTLE_FOR_S
        wait = 0.1
        while True:
            try:
                return self._settle_once(finished)
            except TransientError as error:
                if time.monotonic() > deadline:
                    raise
                log.warning("settle_delayed", jobs=len(finished), error=str(error), wait_s=wait)
            time.sleep(wait * (0.5 + self.random.random()))
            wait = min(wait * 2, 5.0)

    def _settle_once(self, finished: Sequence[Finished]) -> Counter[str]:
        outcomes = Counter[str]()
        with self.ports.unit_of_work() as uow:
            current = uow.jobs.settle([one.settlement for one in finished])
            for one in finished:
                if one.job.id in current and one.effect is not None:
                    one.effect(uow)
            uow.commit()
        for one in finished:
            outcome = one.settlement.outcome if one.job.id in current else "fenced"
            outcomes[outcome] += 1
            self._log(one, outcome)
        return outcomes

    def _log(self, one: Finished, outcome: str) -> None:
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
        )
