"""Deep, wide and crossing workflows on PostgreSQL: how many statements they take, and that nobody waits in a circle."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest

from arxos.domain.errors import PermanentError
from arxos.domain.jobs.job import After, JobState, NewJob, OnFailure
from arxos.domain.jobs.outcome import failed
from arxos.storage.ledger import PostgresLedger
from tests.builders import delivery, new_job
from tests.worlds import WORKER, PostgresWorld


class Counting(psycopg.Connection[Any]):
    """Counts what it is asked."""

    statements = 0

    def execute(self, *arguments: Any, **named: Any) -> Any:
        self.statements += 1
        return super().execute(*arguments, **named)


@pytest.fixture
def counting(postgres: PostgresWorld) -> Iterator[Counting]:
    with Counting.connect(postgres.database.url) as connection:
        yield connection


def chain(length: int) -> list[NewJob]:
    jobs = [new_job()]
    while len(jobs) < length:
        jobs.append(new_job(after=(jobs[-1].id,)))
    return jobs


def states(world: PostgresWorld) -> dict[str, int]:
    return dict(world.sql("SELECT state, count(*) FROM jobs GROUP BY state"))


def test_a_chain_is_cancelled_in_as_many_statements_whatever_its_length(
    postgres: PostgresWorld, counting: Counting
) -> None:
    taken = []
    for length in (3, 3000):
        postgres.insert(*(jobs := chain(length)))
        before = counting.statements
        PostgresLedger(counting).cancel(jobs[0].id, "ada", "wrong file")
        taken.append(counting.statements - before)
        counting.commit()
    assert taken[0] == taken[1] < 12
    assert states(postgres) == {"cancelled": 3003}
    reason = f"job {jobs[-2].id} that it waits for is cancelled"
    told = postgres.sql("SELECT error_message, cancel_reason FROM jobs WHERE id = %s", jobs[-1].id)
    assert told == [(reason, reason)]


def test_fanning_out_and_in_takes_as_many_statements_whatever_the_width(
    postgres: PostgresWorld, counting: Counting
) -> None:
    taken = []
    for width in (3, 3000):
        before = counting.statements
        first = new_job()
        fan = [new_job(after=(first.id,)) for _ in range(width)]
        ledger = PostgresLedger(counting)
        ledger.insert([first, *fan, last := new_job(after=tuple(job.id for job in fan))])
        [claimed] = ledger.claim([first.id], WORKER, delivery())
        ledger.settle([failed(claimed, PermanentError("no such model"), claimed.claimed_at, Random(1))])
        taken.append(counting.statements - before)
        counting.commit()
    assert taken[0] == taken[1] < 15
    assert postgres.state(last.id) is JobState.CANCELLED
    assert states(postgres) == {"dead": 2, "cancelled": 3005}


@pytest.mark.parametrize("wide", ["in", "out"])
def test_each_step_of_a_chain_is_found_by_an_index_whatever_the_planner_knows(
    postgres: PostgresWorld, counting: Counting, wide: str
) -> None:
    """It knows a table in which all edges lead to one job, or from one; then comes a chain."""
    hub = new_job()
    fan = [new_job(after=(hub.id,) if wide == "out" else ()) for _ in range(1000)]
    postgres.insert(hub, *fan, *([] if wide == "out" else [new_job(after=tuple(job.id for job in fan))]))
    postgres.sql("ANALYZE jobs, job_edges")
    postgres.insert(*(jobs := chain(500)))
    ledger = PostgresLedger(counting)
    ledger.graph(jobs[250].id)
    ledger.cancel(jobs[0].id, "ada", "wrong file")
    read = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname = 'job_edges'"
    [rows] = counting.execute(read).fetchone()
    assert rows < 10 * 1500


def test_two_that_settle_at_once_with_the_same_successors_do_not_wait_for_each_other(postgres: PostgresWorld) -> None:
    """Each cancels the one that the other only releases: locked as they come, that is a circle."""
    for _ in range(40):
        one, other = new_job(), new_job()
        low, high = sorted((new_job().id, new_job().id))
        postgres.insert(one, other, crossing(high, one.id, other.id), crossing(low, other.id, one.id))
        start = Barrier(2)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda job_id, start=start: bury(postgres, job_id, start), (one.id, other.id)))
        assert {postgres.state(low), postgres.state(high)} == {JobState.CANCELLED}


def crossing(job_id: UUID, cancels: UUID, spares: UUID) -> NewJob:
    return new_job(id=job_id, after=(After(cancels, OnFailure.CANCEL), After(spares, OnFailure.RUN)))


def bury(world: PostgresWorld, job_id: UUID, start: Barrier) -> None:
    with world.unit_of_work() as uow:
        [job] = uow.jobs.claim([job_id], WORKER, delivery())
        start.wait(10)
        uow.jobs.settle([failed(job, PermanentError("no such model"), job.claimed_at, Random(1))])
        uow.commit()


def test_what_the_code_before_wrote_keeps_its_jobs_policy(postgres: PostgresWorld) -> None:
    """It writes the policy into the job only, and the edge has its column's default."""
    postgres.insert(first := new_job(), spared := new_job(after=(first.id,), on_failure=OnFailure.RUN))
    postgres.sql("UPDATE job_edges SET on_failure = DEFAULT")
    postgres.bury(first.id)
    assert postgres.state(spared.id) is JobState.QUEUED


def test_the_code_before_spares_nobody_whom_an_edge_cancels(postgres: PostgresWorld) -> None:
    """It reads the job's policy only."""
    postgres.insert(one := new_job(), other := new_job())
    run, cancel = After(one.id, OnFailure.RUN), After(other.id, OnFailure.CANCEL)
    postgres.insert(new_job(after=(run, cancel), on_failure=OnFailure.RUN), new_job(after=(run,)))
    assert sorted(postgres.sql("SELECT waiting_for, on_failure FROM jobs WHERE state = 'blocked'")) == [
        (1, "run"),
        (2, "cancel"),
    ]
