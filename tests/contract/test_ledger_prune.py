"""Pruning in any ledger: what goes, what goes with it, what stays."""

from threading import Thread
from uuid import UUID

import pytest

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.job import STATES, JobState, OnFailure
from arxos.domain.jobs.retention import DAY_S, PastJob, Retention
from arxos.storage.ledger_prune import OLD, SORTS
from tests.builders import new_job
from tests.contract.lives import job_in
from tests.running import wait_until
from tests.worlds import PostgresWorld, World

KEEP_S, ALL = 50.0, 100
RETENTION = Retention({JobState.SUCCEEDED: KEEP_S, JobState.CANCELLED: KEEP_S})


def prune(world: World, limit: int = ALL) -> int:
    return world.do(lambda ledger: ledger.prune(RETENTION, limit))


def grown_old(world: World, state: JobState, **fields: object) -> UUID:
    """A job that came into this state longer ago than anything is kept."""
    job_id = job_in(world, state, **fields)
    world.pass_time(KEEP_S + 10)
    return job_id


def is_there(world: World, job_id: UUID) -> bool:
    try:
        return world.get(job_id) is not None
    except NotFoundError:
        return False


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.CANCELLED])
def test_old_jobs_that_are_done_go(world: World, state: JobState) -> None:
    old = grown_old(world, state)
    young = job_in(world, state)
    assert prune(world) == 1
    assert (is_there(world, old), is_there(world, young)) == (False, True)
    assert prune(world) == 0


@pytest.mark.parametrize("state", sorted(set(STATES) - {JobState.SUCCEEDED, JobState.CANCELLED}))
def test_dead_letters_and_whatever_is_not_final_stay_for_ever(world: World, state: JobState) -> None:
    job_id = grown_old(world, state)
    assert prune(world) == 0
    assert world.state(job_id) is state


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.RETRYABLE, JobState.DEAD])
def test_who_was_waited_for_stays_while_the_other_is_not_done(world: World, state: JobState) -> None:
    first = grown_old(world, JobState.SUCCEEDED)
    job_in(world, state, after=(first,))
    assert prune(world) == 0
    assert is_there(world, first)


def test_who_is_waited_for_together_with_others_stays(world: World) -> None:
    first = grown_old(world, JobState.SUCCEEDED)
    world.insert(second := new_job())
    world.insert(last := new_job(after=(first, second.id)))
    assert prune(world) == 0
    world.succeed(second.id)
    assert prune(world) == 0
    world.succeed(last.id)
    assert prune(world) == 1


def test_a_flow_that_is_done_goes_whole(world: World) -> None:
    world.insert(first := new_job())
    world.insert(then := new_job(after=(first.id,)))
    world.insert(other := new_job(after=(first.id, then.id), on_failure=OnFailure.RUN))
    for job in (first, then, other):
        world.succeed(job.id)
    world.pass_time(KEEP_S + 10)
    assert prune(world) == 3


def test_the_oldest_go_first_and_no_more_than_asked_for(world: World) -> None:
    old = [grown_old(world, JobState.SUCCEEDED) for _ in range(4)]
    assert prune(world, limit=3) == 3
    assert [is_there(world, job_id) for job_id in old] == [False, False, False, True]


def test_those_that_have_to_stay_stand_in_nobodys_way(world: World) -> None:
    first = grown_old(world, JobState.SUCCEEDED)
    world.insert(new_job(after=(first,)))
    other = grown_old(world, JobState.SUCCEEDED)
    assert prune(world, limit=1) == 1
    assert not is_there(world, other)


def test_a_pruned_jobs_key_makes_a_new_job(world: World) -> None:
    old = grown_old(world, JobState.SUCCEEDED, idempotency_key="k")
    again = new_job(idempotency_key="k")
    assert world.insert(again) == [old]
    prune(world)
    assert world.insert(again) == [again.id]


def test_nobody_can_wait_for_a_pruned_job(world: World) -> None:
    old = grown_old(world, JobState.SUCCEEDED)
    prune(world)
    with pytest.raises(NotFoundError):
        world.insert(new_job(after=(old,)))


def test_history_and_edges_go_with_a_job_and_the_acts_of_operators_stay(postgres: PostgresWorld) -> None:
    first = job_in(postgres, JobState.SUCCEEDED)
    then = job_in(postgres, JobState.SUCCEEDED, after=(first,))
    grown_old(postgres, JobState.CANCELLED, after=(then,))
    assert prune(postgres) == 3
    for table in ("jobs", "attempts", "job_edges"):
        assert postgres.sql(f"SELECT count(*) FROM {table}") == [(0,)]
    assert len(postgres.acts()) == 1


def test_the_edges_to_those_that_stay_go_at_once(postgres: PostgresWorld) -> None:
    first = grown_old(postgres, JobState.SUCCEEDED)
    then = job_in(postgres, JobState.SUCCEEDED, after=(first,))
    assert prune(postgres) == 1
    assert is_there(postgres, then)
    assert postgres.sql("SELECT count(*) FROM job_edges") == [(0,)]


def test_two_who_prune_at_once_neither_wait_nor_count_twice(postgres: PostgresWorld) -> None:
    for _ in range(4):
        grown_old(postgres, JobState.SUCCEEDED)
    with postgres.unit_of_work() as one, postgres.unit_of_work() as other:
        pruned = one.jobs.prune(RETENTION, 3), other.jobs.prune(RETENTION, 3)
        one.commit()
        other.commit()
    assert pruned == (3, 1)
    assert postgres.sql("SELECT count(*) FROM jobs") == [(0,)]


def test_whoever_comes_while_its_predecessor_is_pruned_is_refused(postgres: PostgresWorld) -> None:
    old = grown_old(postgres, JobState.SUCCEEDED)
    refused: list[bool] = []

    def come() -> None:
        try:
            postgres.insert(new_job(after=(old,)))
        except NotFoundError:
            refused.append(True)

    thread = Thread(target=come)
    with postgres.unit_of_work() as uow:
        assert uow.jobs.prune(RETENTION, ALL) == 1
        thread.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        wait_until(lambda: uow.jobs._connection.execute(waiting).fetchone() == (1,), "it waits", 10)  # type: ignore[attr-defined]
        uow.commit()
    thread.join()
    assert refused == [True]
    assert postgres.sql("SELECT count(*) FROM jobs") == [(0,)]


def test_what_came_while_its_predecessor_was_to_be_pruned_keeps_it(postgres: PostgresWorld) -> None:
    old = grown_old(postgres, JobState.SUCCEEDED)
    with postgres.unit_of_work() as coming:
        coming.jobs.insert([new_job(after=(old,))])
        assert prune(postgres) == 0
        coming.commit()
    assert prune(postgres) == 0


@pytest.mark.parametrize("statement", [OLD, SORTS])
def test_old_jobs_are_found_by_an_index(postgres: PostgresWorld, statement: str) -> None:
    """Here with tables so small that the planner would not use it by itself."""
    values = {"kind": "k", "state": "succeeded", "keep_s": KEEP_S, "limit": ALL}
    with postgres.database.connection() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        plan = connection.execute("EXPLAIN " + statement, values).fetchall()
    assert any("jobs_done_kind" in line for (line,) in plan)


def test_a_kind_may_keep_its_jobs_for_a_time_of_its_own(world: World) -> None:
    short, long = grown_old(world, JobState.SUCCEEDED, kind="health.check"), job_in(world, JobState.SUCCEEDED)
    own = Retention({JobState.SUCCEEDED: 1e6, JobState.CANCELLED: 1e6}, {"health.check": KEEP_S})
    assert world.do(lambda ledger: ledger.prune(own, ALL)) == 1
    assert (is_there(world, short), is_there(world, long)) == (False, True)


def test_a_state_may_be_kept_longer_than_another(world: World) -> None:
    done, stopped = grown_old(world, JobState.SUCCEEDED), grown_old(world, JobState.CANCELLED)
    own = Retention({JobState.SUCCEEDED: KEEP_S, JobState.CANCELLED: 1e6})
    assert world.do(lambda ledger: ledger.prune(own, ALL)) == 1
    assert (is_there(world, done), is_there(world, stopped)) == (False, True)


def test_a_line_of_a_pruned_job_is_kept(world: World) -> None:
    old = grown_old(world, JobState.SUCCEEDED, kind="one.kind", submitted_by="ada")
    before = world.get(old)
    prune(world)
    past = past_job(world, old)
    assert past is not None
    assert (past.kind, past.state, past.submitted_by, past.attempts) == ("one.kind", JobState.SUCCEEDED, "ada", 1)
    assert past.finished_at == before.finished_at
    assert [one.id for one in world.do(lambda ledger: ledger.past_jobs(kind="one.kind"))] == [old]
    assert world.do(lambda ledger: ledger.past_jobs(kind="another")) == []
    with pytest.raises(NotFoundError, match=r"no job|one\.kind, succeeded at"):
        world.get(old)


def test_history_is_paged_newest_first(world: World) -> None:
    jobs = sorted(grown_old(world, JobState.SUCCEEDED) for _ in range(3))
    prune(world)
    newest = world.do(lambda ledger: ledger.past_jobs(limit=2))
    rest = world.do(lambda ledger: ledger.past_jobs(limit=2, before=newest[-1].id))
    assert [past.id for past in (*newest, *rest)] == jobs[::-1]


def test_history_forgets_whole_months(postgres: PostgresWorld) -> None:
    young, old = grown_old(postgres, JobState.SUCCEEDED), grown_old(postgres, JobState.SUCCEEDED)
    postgres.sql("UPDATE jobs SET finished_at = '2020-02-10T00:00Z' WHERE id = %s RETURNING id", old)
    prune(postgres)
    assert past_job(postgres, old) is not None
    assert postgres.do(lambda ledger: ledger.forget_history(400 * DAY_S)) == 1
    assert past_job(postgres, old) is None
    assert past_job(postgres, young) is not None
    assert postgres.do(lambda ledger: ledger.forget_history(400 * DAY_S)) == 0


def test_a_month_gets_a_partition_of_its_own_with_what_had_strayed(postgres: PostgresWorld) -> None:
    stray, old = grown_old(postgres, JobState.SUCCEEDED), grown_old(postgres, JobState.SUCCEEDED)
    postgres.sql("UPDATE jobs SET finished_at = '2021-05-10T00:00Z' RETURNING id")
    postgres.sql(
        "WITH gone AS (DELETE FROM jobs WHERE id = %s RETURNING *) INSERT INTO job_history (id, kind, queue, state,"
        " attempts, created_at, finished_at) SELECT id, kind, queue, state, attempt, created_at, finished_at FROM gone"
        " RETURNING id",
        stray,
    )
    prune(postgres)
    assert postgres.sql("SELECT id FROM job_history_2021_05 ORDER BY id") == sorted([(stray,), (old,)])
    assert postgres.sql("SELECT count(*) FROM job_history_rest") == [(0,)]


def past_job(world: World, job_id: UUID) -> PastJob | None:
    past: PastJob | None = world.do(lambda ledger: ledger.past(job_id))
    return past
