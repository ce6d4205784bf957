"""Who waits for whom in the fake ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from arxos.domain.errors import ConflictError, UnknownPredecessorError
from arxos.domain.jobs.graph import Edge, Graph, Node
from arxos.domain.jobs.job import FINAL, After, Job, JobState, NewJob, OnFailure
from arxos.domain.jobs.submission import refuse_circles
from tests.fakes_tables import Tables

DONE = FINAL - {JobState.DEAD}


def connect(tables: Tables, jobs: Sequence[NewJob]) -> None:
    """Let new jobs wait for those that they name."""
    refuse_circles({job.id: job.predecessors.keys() for job in jobs})
    for job in jobs:
        for before in job.predecessors:
            if before not in tables.rows:
                raise UnknownPredecessorError(f"no job {str(before)!r} to wait for", job.id)
            tables.edges[before, job.id] = False
        tables.change(job.id, waiting_for=len(job.predecessors))


def wait_too(tables: Tables, job_id: UUID, before: Sequence[UUID], on_failure: OnFailure) -> None:
    """See `Ledger.wait_too`."""
    row = tables.rows.get(job_id)
    if row is None or row.job.state is not JobState.BLOCKED:
        raise ConflictError(f"job '{job_id}' waits for nobody any more")
    more = tuple(After(one, on_failure) for one in before)
    tables.rows[job_id] = replace(row, asked=replace(row.asked, after=(*row.asked.after, *more)))
    tables.edges |= {(one, job_id): False for one in before}
    tables.change(job_id, waiting_for=row.job.waiting_for + len(before))


def release(tables: Tables, ids: Iterable[UUID], now: datetime) -> None:
    """Tell the successors of those of the jobs that are final; whoever is cancelled by that tells theirs."""
    ended = {job_id for job_id in ids if tables.job(job_id).state in FINAL}
    reasons = _doomed(tables, {job_id for job_id in ended if tables.job(job_id).state is not JobState.SUCCEEDED})
    for job_id, before in sorted(reasons.items()):
        state = JobState.CANCELLED if before in reasons else tables.job(before).state
        tables.change(job_id, cancel_reason=(why := f"job {before} that it waits for is {state}"))
        tables.close(job_id, why, now)
    for before, job_id in [edge for edge in _waiting(tables) if edge[0] in ended | reasons.keys()]:
        tables.edges[before, job_id] = True
        job = tables.change(job_id, waiting_for=tables.job(job_id).waiting_for - 1)
        if job.state is JobState.BLOCKED and job.waiting_for == 0:
            tables.change(job_id, state=JobState.QUEUED)


def graph(tables: Tables, job: Job, limit: int) -> Graph:
    """See `Ledger.graph`."""
    near = [job.id]
    for one in near:  # which grows meanwhile
        ends = (end for edge in tables.edges if one in edge for end in edge)
        near += [end for end in dict.fromkeys(ends) if end not in near]
    ids = near[:limit]
    edges = [
        Edge(before, later, tables.rows[later].asked.predecessors[before], released)
        for (before, later), released in tables.edges.items()
        if before in ids and later in ids
    ]
    jobs = [tables.job(one) for one in ids]
    nodes = tuple(Node(one.id, one.kind, one.state, one.waiting_for) for one in jobs)
    return Graph(job.id, nodes, tuple(edges), cut=len(near) > limit)


def is_named(tables: Tables, job_id: UUID) -> bool:
    """Whether a job that is not done waited or waits for this one."""
    return any(before == job_id and tables.job(later).state not in DONE for before, later in tables.edges)


def _waiting(tables: Tables) -> list[tuple[UUID, UUID]]:
    return [edge for edge, released in tables.edges.items() if not released]


def _doomed(tables: Tables, failed: set[UUID]) -> dict[UUID, UUID]:
    """Whom these failures cancel, all the way down; each with the lowest of the jobs that are to blame."""
    falling = [edge for edge in _waiting(tables) if _falls(tables, *edge)]
    reach: set[UUID] = set()
    while failed - reach:
        reach |= failed
        failed = {job_id for before, job_id in falling if before in reach}
    blamed = sorted(((before, job_id) for before, job_id in falling if before in reach), reverse=True)
    return {job_id: before for before, job_id in blamed}


def _falls(tables: Tables, before: UUID, job_id: UUID) -> bool:
    row = tables.rows[job_id]
    return row.job.state is JobState.BLOCKED and row.asked.predecessors[before] is OnFailure.CANCEL
