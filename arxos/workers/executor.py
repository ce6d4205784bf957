"""Claim, run, settle: the one place where jobs are executed."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import UUID

import structlog

from arxos.domain.errors import ArxosError, InterruptedError_, InvalidError, UnreadableJobError
from arxos.domain.jobs.job import Capability, ClaimedJob, JobState, in_words
from arxos.domain.jobs.outcome import failed, given_back, succeeded
from arxos.domain.ports import Ports
from arxos.tasks.kind import JobKind
from arxos.tasks.registry import find_kind, parse_payload
from arxos.workers.attempt import RunningAttempt
from arxos.workers.cpu import cpu_seconds
from arxos.workers.notices import Notices
from arxos.workers.patience import DatabaseClock, patiently
from arxos.workers.settling import Finished, Settler, request_of
from arxos.workers.telling import told_of
from arxos.workers.tracebacks import traceback_of

BATCH_BUDGET_S = 2.0  # what a message's jobs may take together before the rest is given back
SETTLE_EVERY_S = 0.5  # how long a finished job of a batch waits for its mates
CLAIM_FOR_S = 60.0  # how long claiming is tried again while the database is away; then the message is forgotten
TOLD_TO_STOP = -(256 - 64)  # billiard ends a child that gets signal n with SystemExit(-(256 - n))
# What a damaged row raises; where the database itself refuses, as before a migration, no attempt is burned.
UNCLAIMABLE = (InvalidError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Executor:
    """Executes deliveries for one worker. Safe to share between threads."""

    kinds: Mapping[str, JobKind[Any]]
    ports: Ports
    worker: str
    queues: tuple[str, ...] | None = None  # of this worker's pool: a message elsewhere runs no job of theirs; None: any
    random: Random = field(default_factory=Random)
    notices: Notices = field(default_factory=Notices)
    tidy: Callable[[], None] = lambda: None  # ends what an interrupted body has left running
    _parked: set[str] = field(default_factory=set)  # the kinds of which the log has told

    def deliver(self, kind: str, ids: Sequence[UUID], delivery: UUID) -> str:
        """Run what of these jobs can be claimed; says what became of them: ``200 succeeded``.

        Jobs of another kind than the message says, or of another pool's queue, are left alone: they would run under
        that kind's limits, or where nothing can end them. Those that are too new for this worker wait for a newer
        one, no attempt burned.
        Raises UnavailableError when an outcome could not be recorded: then the process must not go on as if it had.
        """
        outcomes = Counter[str]()
        settler = Settler(self.ports.unit_of_work, self.worker, self.random, self._spoilt)
        seen = self.notices.count  # before the claim: none of these is about what is claimed now
        for finished in self._run(self._claim(kind, ids, delivery), seen):
            outcomes.update(settler.settle(finished))
        if len(ids) > 1:
            log.info("batch_settled", kind=kind, delivery=str(delivery), **outcomes)
        return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "nothing to do"

    def _claim(self, kind: str, ids: Sequence[UUID], delivery: UUID) -> list[ClaimedJob]:
        able = Capability(kind, self.kinds[kind].contract if kind in self.kinds else 0, self.queues)

        def claim(again: bool) -> list[ClaimedJob]:  # noqa: FBT001 - told by `patiently`
            with self.ports.unit_of_work() as uow:
                if again:
                    uow.jobs.abandon(self.worker, delivery)
                jobs = uow.jobs.claim(ids, self.worker, delivery, able)
                parked = uow.jobs.park(ids, able) if len(jobs) < len(ids) else []
                uow.commit(durable=False)  # a claim lost in a crash of the server only means: claimed again, fenced
            self._tell_of(parked, able)
            return jobs

        try:
            return patiently(claim, doing="claim", for_s=CLAIM_FOR_S, random=self.random)
        except UNCLAIMABLE as error:  # one of the rows cannot be: it must not keep back the others
            if len(ids) == 1:
                self._fail_claim(ids[0], error)
                return []
        return [job for one in ids for job in self._claim(kind, [one], delivery)]

    def _fail_claim(self, job_id: UUID, error: Exception) -> None:
        """Counts as an attempt, or it would be delivered again for ever."""

        def fail(_: bool) -> JobState | None:  # noqa: FBT001 - told by `patiently`
            with self.ports.unit_of_work() as uow:
                state = uow.jobs.fail_claim(job_id, self.worker, error)
                uow.commit()
            return state

        state = patiently(fail, doing="claim", for_s=CLAIM_FOR_S, random=self.random)
        log.error("claim_failed", job_id=str(job_id), state=state, worker=self.worker, exc_info=error)

    def _tell_of(self, parked: Sequence[UUID], able: Capability) -> None:
        if parked and able.kind not in self._parked:
            self._parked.add(able.kind)
            log.warning("jobs_parked", kind=able.kind, contract=able.contract, jobs=len(parked), worker=self.worker)

    def _run(self, jobs: Sequence[ClaimedJob], seen: int) -> Iterator[list[Finished]]:
        """Attempt the jobs in turn; yield the finished ones in groups that are worth a transaction."""
        began = settled = time.monotonic()
        clocks = [DatabaseClock(job.claimed_at) for job in jobs]
        finished: list[Finished] = []
        for place, (job, clock) in enumerate(zip(jobs, clocks, strict=True)):
            over = place > 0 and time.monotonic() - began > BATCH_BUDGET_S
            finished.append(Finished(job, clock, given_back(job)) if over else self._metered(job, clock, seen))
            if time.monotonic() - settled > SETTLE_EVERY_S and not over:
                yield finished
                finished, settled = [], time.monotonic()
        if finished:
            yield finished

    def _metered(self, job: ClaimedJob, clock: DatabaseClock, seen: int) -> Finished:
        began = cpu_seconds()
        finished = self._attempt(job, clock, seen)
        cost = round(cpu_seconds() - began, 6)
        return replace(finished, settlement=replace(finished.settlement, cpu_s=cost))

    def _attempt(self, job: ClaimedJob, clock: DatabaseClock, seen: int) -> Finished:
        try:
            _check_readable(job)
            kind = find_kind(self.kinds, job.kind)
            payload = parse_payload(kind, job.payload)
            with told_of(job.id, job.attempt, kind.soft_limit_s, self.notices, seen, self.tidy) as told:
                done = kind.run(payload, RunningAttempt(job, self.ports, told, clock))
            result = done.result.model_dump(mode="json") if done.result else None
        except SystemExit as error:
            stopped = isinstance(error.code, int) and error.code <= TOLD_TO_STOP
            return self._failed(job, clock, InterruptedError_("the worker was told to stop") if stopped else error)
        except Exception as error:  # noqa: BLE001 - the one place that stands between any body and the worker
            return self._failed(job, clock, error)
        return Finished(job, clock, succeeded(job, result), done.effect)

    def _failed(self, job: ClaimedJob, clock: DatabaseClock, error: BaseException) -> Finished:
        told = traceback_of(error)
        if not isinstance(error, ArxosError):
            facts = {"job_id": str(job.id), "kind": job.kind, "attempt": job.attempt, **request_of(job)}
            log.warning("job_raised", **facts, exception=told)
        settlement = failed(job, error, clock.now(), self.random)
        return Finished(job, clock, replace(settlement, traceback=told))

    def _spoilt(self, finished: Finished, error: Exception) -> Finished:
        return self._failed(finished.job, finished.clock, error)


def _check_readable(job: ClaimedJob) -> None:
    if job.unreadable:
        raise UnreadableJobError(f"the stored job cannot be read: {in_words(job.unreadable)}")
