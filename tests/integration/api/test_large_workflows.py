"""Workflows with very many edges: bounded when they are submitted, and when they are looked at."""

from itertools import accumulate
from typing import Any
from uuid import uuid4

import pytest

from arxos.domain.errors import TooManyEdgesError
from arxos.domain.jobs.graph import MOST_EDGES as SHOWN_EDGES
from arxos.domain.jobs.graph import MOST_JOBS as SHOWN_JOBS
from arxos.domain.jobs.submission import MOST_EDGES
from arxos.tasks.request import JobRequest, new_job
from tests.http import Api


def layered(layers: int, width: int) -> list[dict[str, Any]]:
    """Layers of jobs, each of which waits for all of the layer above."""
    rows = [[str(uuid4()) for _ in range(width)] for _ in range(layers)]
    return [
        {"kind": "probe.noop", "id": one, "after": rows[place - 1] if place else []}
        for place, row in enumerate(rows)
        for one in row
    ]


def test_too_many_edges_are_refused_naming_the_job(api: Api) -> None:
    jobs = layered(4, 101)  # 30,603 edges
    answer = api.editor.post("/api/jobs/batch", json={"jobs": jobs})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    edges = list(accumulate(len(job["after"]) for job in jobs))
    first = next(place for place, count in enumerate(edges) if count > MOST_EDGES)
    assert error["field"] == f"jobs.{first}.after"
    assert "more than 30,000 others together" in error["message"]
    assert api.world.sql("SELECT count(*) FROM jobs WHERE id = ANY(%s)", [job["id"] for job in jobs]) == [(0,)]


def test_every_way_into_the_ledger_refuses_them(api: Api) -> None:
    jobs = [new_job(api.world.runtime.kinds, JobRequest(**job)) for job in layered(4, 101)]
    with pytest.raises(TooManyEdgesError):
        api.world.insert(*jobs)


def test_a_job_may_wait_for_the_rest_of_the_largest_batch(api: Api) -> None:
    parts = [str(uuid4()) for _ in range(9_999)]
    jobs = [{"kind": "probe.noop", "id": part} for part in parts] + [{"kind": "probe.noop", "after": parts}]
    answer = api.editor.post("/api/jobs/batch", json={"jobs": jobs})
    assert answer.status_code == 202, answer.text
    last = answer.json()["ids"][-1]
    seen = api.viewer.get(f"/api/jobs/{last}/graph").json()
    assert (len(seen["nodes"]), seen["cut"]) == (2_000, True)
    most = api.viewer.get(f"/api/jobs/{last}/graph?limit={SHOWN_JOBS}").json()
    assert (len(most["nodes"]), len(most["edges"]), most["cut"]) == (SHOWN_JOBS, SHOWN_JOBS - 1, True)
    assert api.viewer.get(f"/api/jobs/{last}/graph?limit={SHOWN_JOBS + 1}").status_code == 422


def test_a_graph_of_many_edges_is_cut_and_drawn_small(api: Api) -> None:
    jobs = layered(3, 120)  # 28,800 edges
    assert api.editor.post("/api/jobs/batch", json={"jobs": jobs}).status_code == 202
    seen = api.viewer.get(f"/api/jobs/{jobs[0]['id']}/graph").json()
    assert (len(seen["edges"]), seen["cut"]) == (SHOWN_EDGES, True)
    drawn = api.viewer.get(f"/api/jobs/{jobs[0]['id']}/graph.svg")
    assert drawn.status_code == 200
    assert len(drawn.content) < 200_000
    again = api.viewer.get(f"/api/jobs/{jobs[0]['id']}/graph.svg", headers={"If-None-Match": drawn.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_edges_cost_the_same_whatever_their_number(api: Api) -> None:
    """Counted in statements and rows of the server, not in seconds: ten times the edges, ten times the rows."""
    costs = []
    for width in (10, 32, 100):  # 200, 2,048 and 20,000 edges
        jobs = [new_job(api.world.runtime.kinds, JobRequest(**job)) for job in layered(3, width)]
        with api.world.runtime.database.connection() as connection:
            before = _work(connection)
            connection.rollback()
        api.world.insert(*jobs)
        with api.world.runtime.database.connection() as connection:
            costs.append((_work(connection) - before) / (2 * width * width))
            connection.rollback()
    assert costs[2] < 3 * costs[0]


def _work(connection: Any) -> int:
    """Rows that were read from the two tables so far, by scan or index."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    connection.execute("SELECT pg_stat_clear_snapshot()")
    [row] = connection.execute(
        "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables"
        " WHERE relname IN ('jobs', 'job_edges')"
    ).fetchall()
    return int(row[0])
