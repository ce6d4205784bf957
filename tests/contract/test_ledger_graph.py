"""The workflow around a job, in any ledger."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.graph import Edge, Graph, Node
from arxos.domain.jobs.job import After, JobState, OnFailure
from arxos.domain.jobs.retention import Retention
from tests.builders import new_job
from tests.contract.lives import job_in
from tests.worlds import PostgresWorld, World


def around(world: World, job_id: UUID, limit: int = 100) -> Graph:
    return world.do(lambda ledger: ledger.graph(job_id, limit))


def test_a_job_alone_is_its_own_workflow(world: World) -> None:
    [job_id] = world.insert(new_job(), new_job())[:1]
    assert around(world, job_id) == Graph(job_id, (Node(job_id, "probe.noop", JobState.QUEUED),), ())


def test_an_unknown_job_has_none(world: World) -> None:
    unknown = uuid4()
    with pytest.raises(NotFoundError, match=f"no job '{unknown}'"):
        around(world, unknown)


def test_a_workflow_is_the_same_from_wherever_it_is_seen(world: World) -> None:
    first, other, apart = new_job(), new_job("probe.sleep"), new_job()
    middle = new_job(after=(first.id, After(other.id, OnFailure.RUN)))
    last = new_job(after=(middle.id,), on_failure=OnFailure.RUN)
    world.insert(first, other, middle, last, apart)
    world.bury(other.id)
    ids = {first.id, other.id, middle.id, last.id}
    for job_id in ids:
        seen = around(world, job_id)
        assert (seen.job_id, seen.nodes[0].id, seen.cut) == (job_id, job_id, False)
        assert {node.id for node in seen.nodes} == ids
        assert Node(other.id, "probe.sleep", JobState.DEAD) in seen.nodes
        assert Node(middle.id, "probe.noop", JobState.BLOCKED, waiting_for=1) in seen.nodes
        assert set(seen.edges) == {
            Edge(first.id, middle.id, OnFailure.CANCEL, released=False),
            Edge(other.id, middle.id, OnFailure.RUN, released=True),
            Edge(middle.id, last.id, OnFailure.RUN, released=False),
        }


def test_a_large_workflow_is_cut_to_what_is_nearest(world: World) -> None:
    jobs = [new_job()]
    for _ in range(6):
        jobs.append(new_job(after=(jobs[-1].id,)))
    world.insert(*jobs)
    seen = around(world, jobs[3].id, limit=5)
    assert (seen.cut, {node.id for node in seen.nodes}) == (True, {job.id for job in jobs[1:6]})
    assert len(seen.edges) == 4
    assert not around(world, jobs[3].id, limit=7).cut


def test_pruned_predecessors_are_left_away(world: World) -> None:
    first = job_in(world, JobState.SUCCEEDED)
    world.insert(then := new_job(after=(first,)))
    world.succeed(then.id)
    world.pass_time(60)
    world.insert(new_job(after=(then.id,)))
    assert world.do(lambda ledger: ledger.prune(Retention({JobState.SUCCEEDED: 50, JobState.CANCELLED: 50}), 100)) == 1
    seen = around(world, then.id)
    assert first not in {node.id for node in seen.nodes}
    assert [edge.before for edge in seen.edges] == [then.id]


def test_an_edge_that_leads_nowhere_is_left_away(postgres: PostgresWorld) -> None:
    """No predecessor is deleted without its edges; should one be, the view shows the rest."""
    postgres.insert(first := new_job(), then := new_job(after=(first.id,)))
    postgres.sql("DELETE FROM jobs WHERE id = %s", first.id)
    seen = around(postgres, then.id)
    assert (seen.nodes, seen.edges) == ((Node(then.id, "probe.noop", JobState.BLOCKED, 1),), ())


def test_edges_of_the_code_before_have_their_jobs_policy(postgres: PostgresWorld) -> None:
    first = new_job()
    postgres.insert(first, replace(new_job(after=(first.id,)), on_failure=OnFailure.RUN))
    postgres.sql("UPDATE job_edges SET on_failure = DEFAULT")
    assert [edge.on_failure for edge in around(postgres, first.id).edges] == [OnFailure.RUN]
