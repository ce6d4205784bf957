"""Random lives of jobs: after every step the fake and PostgreSQL say the same, and no job left its allowed path."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from arxos.domain.errors import ArxosError
from arxos.domain.jobs.bulk import act_on_all, undo
from arxos.domain.jobs.desk import Action, Desk, Order
from arxos.domain.jobs.job import FINAL, TRANSITIONS, WAITING, After, Job, JobState, NewJob, OnFailure
from arxos.domain.jobs.ledger import CancelledPage, JobFilter, Ledger
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.outcome import Outcome, Settlement
from arxos.domain.jobs.retention import Retention
from tests.builders import beat, new_job
from tests.worlds import FakeWorld, PostgresWorld, World

LEASE_S = 50.0
LATER_S = 100.0  # a leap, beside which the time that a test itself takes is nothing
MOST_JOBS = 9
ADA = Operator("ada", "wrong file", "cli@host")
WORKERS = ("ada", "bob")
QUEUES = ("maintenance", "cache")
MOMENTS = {"created_at", "available_at", "published_at", "started_at", "finished_at", "deadline", "redriven_at"}
APART = {"attempts", "acts", "error_message", "cancel_reason"}  # compared by functions of their own
COMPARED = [field.name for field in fields(Job) if field.name not in MOMENTS | APART]
ENDS = [
    (Outcome.SUCCEEDED, JobState.SUCCEEDED),
    (Outcome.FAILED, JobState.RETRYABLE),
    (Outcome.FAILED, JobState.DEAD),
    (Outcome.INTERRUPTED, JobState.QUEUED),
    (Outcome.CANCELLED, JobState.CANCELLED),
]

a_place = st.integers(0, 11)  # among the jobs that an operation is for; beyond them: any job
places_ = st.lists(a_place, min_size=1, max_size=4)


class TwoLedgers(RuleBasedStateMachine):
    """Does everything in both worlds at once."""

    postgres: PostgresWorld

    def __init__(self) -> None:
        super().__init__()
        self.worlds: tuple[World, World] = (FakeWorld(), self.postgres)
        self.ids: list[UUID] = []
        self.deliveries = 0
        self.states: dict[UUID, JobState] = {}
        self.bulk_acts: list[UUID] = []

    @initialize()
    def begin(self) -> None:
        """Two jobs, one that waits for both, and one that waits for that one whatever becomes of it."""
        self.postgres.empty()
        self.ids = [UUID(int=number) for number in (1, 2, 3, 4)]
        first, second, both, last = self.ids
        flow = [
            new_job(id=first, batch=9),
            new_job(id=second, max_attempts=2, max_lost=1),
            new_job(id=both, after=(first, second), max_lost=1),
            new_job(id=last, after=(both,), on_failure=OnFailure.RUN),
        ]
        self._same(lambda ledger, _: ledger.insert(flow))

    @precondition(lambda self: len(self.ids) < MOST_JOBS)
    @rule(
        after=st.lists(a_place, max_size=2),
        spared=st.sets(st.integers(0, 1)),
        idempotency_key=st.sampled_from([None, None, None, "k", "l"]),
        kind=st.sampled_from(["probe.noop", "probe.sleep"]),
        queue=st.sampled_from(QUEUES),
        on_failure=st.sampled_from(OnFailure),
        early=st.booleans(),
        dated=st.booleans(),
        limits=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    )
    def insert(
        self, after: list[int], spared: set[int], early: bool, dated: bool, limits: tuple[int, int], **others: Any
    ) -> None:
        job_id = UUID(int=len(self.ids) + 1)
        edges = [(self._pick(place), number in spared) for number, place in enumerate(after)]
        before = tuple(After(one, OnFailure.RUN) if run else one for one, run in edges)

        def new(world: World) -> NewJob:
            run_at = world.now() + timedelta(seconds=LATER_S / 2) if early else None
            deadline = world.now() + timedelta(seconds=LATER_S / 2) if dated else None
            return new_job(
                id=job_id,
                payload={},
                after=before,
                run_at=run_at,
                deadline=deadline,
                max_attempts=limits[0],
                max_lost=limits[1],
                **others,
            )

        result = self._same(lambda ledger, world: ledger.insert([new(world)]))
        if result == [job_id]:
            self.ids.append(job_id)

    @rule(places=places_, worker=st.sampled_from(WORKERS))
    def claim(self, places: list[int], worker: str) -> None:
        self.deliveries += 1
        message, ids = UUID(int=self.deliveries), self._pick_many(places, *WAITING)
        self._same(lambda ledger, _: ledger.claim(ids, worker, message))

    @rule(places=places_, end=st.sampled_from(ENDS))
    def work(self, places: list[int], end: tuple[Outcome, JobState]) -> None:
        """Claim and settle: what happens most."""
        self.claim(places, "ada")
        self.both_say_the_same_and_no_job_leaves_its_path()
        self.settle(places, end, 0)

    @rule(places=places_, end=st.sampled_from(ENDS), stale=st.sampled_from([0, 0, 0, 1]))
    def settle(self, places: list[int], end: tuple[Outcome, JobState], stale: int) -> None:
        ids = self._pick_many(places, JobState.RUNNING)
        attempts = self._attempts()

        def settlements(world: World) -> list[Settlement]:
            when = world.now() + timedelta(seconds=LATER_S / 2) if end[1] is JobState.RETRYABLE else None
            numbers = [(job_id, attempts.get(job_id, 1) - stale) for job_id in ids]
            return [
                Settlement(*one, *end, when, error_type="E", error_place="m:f", traceback="at m:f") for one in numbers
            ]

        self._same(lambda ledger, world: ledger.settle(settlements(world)))

    @rule(places=places_, worker=st.sampled_from(WORKERS), back=st.integers(0, 2))
    def deliver_again(self, places: list[int], worker: str, back: int) -> None:
        """A message that was delivered before, to anybody: whoever runs is left alone."""
        ids = self._pick_many(places, JobState.RUNNING, *WAITING)
        running = {job.id for job in self._jobs(self.worlds[0]) if job.state is JobState.RUNNING}
        message = self._message(back)
        claimed = self._same(lambda ledger, _: [(j.id, j.attempt) for j in ledger.claim(ids, worker, message)])
        assert running.isdisjoint(job_id for job_id, _ in claimed)

    @rule(worker=st.sampled_from(WORKERS), back=st.integers(0, 2))
    def abandon(self, worker: str, back: int) -> None:
        message = self._message(back)
        self._same(lambda ledger, _: sorted(ledger.abandon(worker, message)))

    @rule(places=places_, worker=st.sampled_from(WORKERS), end=st.sampled_from(ENDS), stale=st.integers(0, 2))
    def ask_what_is_recorded(self, places: list[int], worker: str, end: tuple[Outcome, JobState], stale: int) -> None:
        asked = [
            Settlement(job_id, max(1, self._attempts().get(job_id, 1) - stale), *end)
            for job_id in self._pick_many(places, *FINAL)
        ]
        self._same(lambda ledger, _: ledger.recorded(worker, asked))

    @rule(old=st.booleans())
    def prune(self, old: bool) -> None:
        """What is done since before the last leap, or what is done at all."""
        keep_s = LATER_S / 2 if old else 0.0
        retention = Retention({JobState.SUCCEEDED: keep_s, JobState.CANCELLED: keep_s})
        self._same(lambda ledger, _: ledger.prune(retention, MOST_JOBS))

    @rule(back=st.integers(0, 2), ago_s=st.sampled_from([0, 0, LATER_S / 2]))
    def lose(self, back: int, ago_s: float) -> None:
        message = self._message(back)
        self._same(lambda ledger, _: sorted(ledger.lose("signal 9", delivery=message, ago_s=ago_s)))

    @rule(places=places_)
    def crash(self, places: list[int]) -> None:
        """Claim, and die of it."""
        self.claim(places, "bob")
        self.both_say_the_same_and_no_job_leaves_its_path()
        self.lose(0, 0)

    @rule()
    def sweep(self) -> None:
        self._same(lambda ledger, _: sorted(ledger.sweep(LEASE_S)))

    @rule(worker=st.sampled_from(WORKERS))
    def heartbeat(self, worker: str) -> None:
        self._same(lambda ledger, _: ledger.beat(beat(worker)))

    @rule(worker=st.sampled_from(WORKERS))
    def retire(self, worker: str) -> None:
        self._same(lambda ledger, _: sorted(ledger.retire(worker)))

    @rule()
    def expire(self) -> None:
        self._same(lambda ledger, _: sorted((one.job_id, one.state) for one in ledger.expire()))

    @rule(place=a_place)
    def cancel(self, place: int) -> None:
        job_id = self._pick(place, *JobState)
        self._same(lambda ledger, _: ledger.cancel(job_id, "ada", "wrong file"))

    @rule(queue=st.sampled_from(QUEUES), limit=st.integers(1, 3))
    def cancel_all(self, queue: str, limit: int) -> None:
        which = JobFilter(queue=queue)
        self._same(lambda ledger, _: {**ledger.cancellable(which)})
        self._same(lambda ledger, _: _page(ledger.cancel_all(which, "bob", "wrong queue", limit=limit)))

    @rule(worker=st.sampled_from(WORKERS), reason=st.sampled_from(["deaf", "deafer"]))
    def stop(self, worker: str, reason: str) -> None:
        """What a worker does with those that do not obey."""
        asked = self._same(lambda ledger, _: ledger.cancel_requests(worker))
        self._same(lambda ledger, _: sorted(ledger.stop(asked, reason)))

    @rule(place=a_place, drop=st.booleans())
    def redrive(self, place: int, drop: bool) -> None:
        job_id = self._pick(place, JobState.DEAD)
        self._same_at_desk(lambda desk: desk.redrive(job_id, ADA, drop_deadline=drop))

    @rule(place=a_place)
    def discard(self, place: int) -> None:
        job_id = self._pick(place, JobState.DEAD)
        self._same_at_desk(lambda desk: desk.discard(job_id, ADA))

    @rule(action=st.sampled_from(Action), rate=st.sampled_from([None, 1 / LATER_S]), drop=st.booleans())
    def act_on_all(self, action: Action, rate: float | None, drop: bool) -> None:
        order = Order(action, JobFilter(), ADA, LATER_S / 2, rate if action is Action.REDRIVE else None, drop)
        self.bulk_acts.append(act := UUID(int=100 + len(self.bulk_acts)))
        results = [act_on_all(world.unit_of_work, order, act, lambda _: None) for world in self.worlds]
        assert len({(one.matched, one.done, one.act is None) for one in results}) == 1

    @precondition(lambda self: self.bulk_acts)
    @rule(back=st.integers(1, 2))
    def undo(self, back: int) -> None:
        act = self.bulk_acts[-min(back, len(self.bulk_acts))]
        answers = [_refused_or(partial(undo, world.unit_of_work, act, ADA)) for world in self.worlds]
        assert answers[0] == answers[1]

    @rule(place=a_place, attempt=st.integers(1, 2))
    def progress(self, place: int, attempt: int) -> None:
        job_id = self._pick(place, JobState.RUNNING)
        self._same(lambda ledger, _: ledger.report_progress(job_id, attempt, 0.5, "half"))

    @rule(queue=st.sampled_from(QUEUES), act=st.sampled_from(["pause", "resume", "resume"]))
    def gate(self, queue: str, act: str) -> None:
        self._same(lambda ledger, _: getattr(ledger, act)(queue, Operator("ada")))

    @rule()
    def time_passes(self) -> None:
        for world in self.worlds:
            world.pass_time(LATER_S)

    @invariant()
    def both_say_the_same_and_no_job_leaves_its_path(self) -> None:
        fake, postgres = (self._jobs(world) for world in self.worlds)
        assert _facts(self.worlds[0], fake) == _facts(self.worlds[1], postgres)
        for job in postgres:
            _check(job, self.states.get(job.id, job.state))
            self.states[job.id] = job.state

    def teardown(self) -> None:
        assert self.worlds[0].acts() == self.worlds[1].acts()
        self._same(lambda ledger, _: [(one.queue, one.states, one.paused_by) for one in ledger.queues()])

    def _message(self, back: int) -> UUID:
        """One of the latest that were delivered."""
        return UUID(int=max(1, self.deliveries - back))

    def _attempts(self) -> dict[UUID, int]:
        """The number of each job's latest attempt; pruned jobs have none."""
        return {job.id: job.attempt for job in self._jobs(self.worlds[0])}

    def _pick(self, place: int, *states: JobState) -> UUID:
        """The place-th job in one of these states; beyond them any job, so that refusals are met as well."""
        fit = [job.id for job in self._jobs(self.worlds[0]) if job.state in states]
        return fit[place] if place < len(fit) else self.ids[place % len(self.ids)]

    def _pick_many(self, places: list[int], *states: JobState) -> list[UUID]:
        return list(dict.fromkeys(self._pick(place, *states) for place in places))

    def _jobs(self, world: World) -> list[Job]:
        return world.do(lambda ledger: [ledger.get(job.id) for job in ledger.find(JobFilter(), limit=1000).jobs])

    def _same(self, act: Callable[[Ledger, World], Any]) -> Any:
        """Do it in both worlds; the answers, or the refusals, must agree."""
        answers = [_refused_or(partial(_do, world, act)) for world in self.worlds]
        assert answers[0] == answers[1]
        return answers[0]

    def _same_at_desk(self, act: Callable[[Desk], Any]) -> None:
        answers = [_refused_or(partial(world.at_desk, act)) for world in self.worlds]
        assert answers[0] == answers[1]


def _do(world: World, act: Callable[[Ledger, World], Any]) -> Any:
    return world.do(lambda ledger: act(ledger, world))


def _refused_or(act: Callable[[], Any]) -> Any:
    """What it answers, or the sort of its refusal."""
    try:
        return act()
    except ArxosError as refusal:
        return type(refusal)


def _facts(world: World, jobs: list[Job]) -> list[tuple[Any, ...]]:
    """All of the jobs but their moments, of which only what has come to pass can be compared."""
    now = world.now()
    return [
        (*(getattr(job, name) for name in COMPARED), _reasons(job), job.available_at > now, _history(job), _acts(job))
        for job in jobs
    ]


def _reasons(job: Job) -> list[str]:
    """What is said of its end, without its deadline: that is a moment."""
    return [
        re.sub(r"its deadline of \S+", "its deadline", str(said)) for said in (job.error_message, job.cancel_reason)
    ]


def _page(page: CancelledPage) -> tuple[Any, ...]:
    return sorted((one.job_id, one.state) for one in page.jobs), page.cursor


def _history(job: Job) -> list[tuple[Any, ...]]:
    return [
        (
            one.attempt,
            one.worker,
            one.outcome,
            one.error_type,
            one.error_message,
            one.error_place,
            one.version,
            one.traceback,
            one.cpu_s,
        )
        for one in job.attempts
    ]


def _acts(job: Job) -> list[tuple[Any, ...]]:
    """What operators did to it. From where somebody cancelled is the session's to say, and memory has none."""
    return [
        (one.actor, one.action, one.reason, one.source if one.action != "cancel" else None, one.act_id)
        for one in job.acts
    ]


def _check(job: Job, before: JobState) -> None:
    """One row of history for each ended attempt, and only allowed changes of state."""
    ended = job.attempt - (job.state is JobState.RUNNING)
    assert [one.attempt for one in job.attempts] == list(range(1, ended + 1))
    assert (job.finished_at is not None) == (job.state in FINAL)
    assert job.waiting_for > 0 or job.state is not JobState.BLOCKED
    assert job.state is before or job.state in TRANSITIONS[before]


@pytest.mark.timeout(400)  # a difference takes minutes to be reduced to its shortest example
def test_fake_and_postgres_live_the_same_random_lives(postgres: PostgresWorld) -> None:
    machine = type("TwoLedgersHere", (TwoLedgers,), {"postgres": postgres})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=70,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
