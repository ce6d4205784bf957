"""Cancelling and settling at the same moment, in two sessions of PostgreSQL: one of them waits, and both agree."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from arxos.domain.errors import ConflictError
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.outcome import succeeded
from arxos.domain.ports import UnitOfWork
from tests.builders import new_job
from tests.running import wait_until
from tests.worlds import PostgresWorld

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def cancel(world: PostgresWorld, job_id: UUID) -> JobState:
    return world.do(lambda ledger: ledger.cancel(job_id, "ada", "wrong file")).state


def second(world: PostgresWorld, first: UnitOfWork, act: Any) -> "Future[Any]":
    """Begin this in another session while the first holds its rows; once it waits, let the first commit."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(act)
        with psycopg.connect(world.database.url, autocommit=True) as watcher:
            wait_until(lambda: watcher.execute(BLOCKED).fetchone() == (1,), "the second waits", 10)
        first.commit()
    return waiting


def test_who_cancels_what_is_just_succeeding_is_refused(postgres: PostgresWorld) -> None:
    [job_id] = postgres.insert(new_job())
    [job] = postgres.claim(job_id)
    with postgres.unit_of_work() as settling:
        settling.jobs.settle([succeeded(job, None)])
        late = second(postgres, settling, lambda: cancel(postgres, job_id))
    with pytest.raises(ConflictError, match="it is final already"):
        late.result()
    assert (postgres.state(job_id), postgres.get(job_id).cancel_requested_by) == (JobState.SUCCEEDED, None)
    assert postgres.acts() == []


def test_who_succeeds_while_it_is_just_being_cancelled_has_succeeded(postgres: PostgresWorld) -> None:
    [job_id] = postgres.insert(new_job())
    [job] = postgres.claim(job_id)
    with postgres.unit_of_work() as cancelling:
        assert cancelling.jobs.cancel(job_id, "ada", "wrong file").state is JobState.RUNNING
        late = second(postgres, cancelling, lambda: postgres.settle(succeeded(job, None)))
    assert late.result() == {job_id}
    assert postgres.state(job_id) is JobState.SUCCEEDED


def test_nobody_claims_what_is_just_being_cancelled(postgres: PostgresWorld) -> None:
    [job_id] = postgres.insert(new_job())
    with postgres.unit_of_work() as cancelling:
        cancelling.jobs.cancel(job_id, "ada", "wrong file")
        assert postgres.claim(job_id) == []
        cancelling.commit()
    assert postgres.claim(job_id) == []
    assert postgres.state(job_id) is JobState.CANCELLED


def test_who_is_claimed_while_somebody_cancels_is_told(postgres: PostgresWorld) -> None:
    [job_id] = postgres.insert(new_job())
    with postgres.unit_of_work() as claiming:
        claiming.jobs.claim([job_id], "worker", job_id)
        late = second(postgres, claiming, lambda: cancel(postgres, job_id))
    assert late.result() is JobState.RUNNING
    assert [one.job_id for one in postgres.do(lambda ledger: ledger.cancel_requests("worker"))] == [job_id]
