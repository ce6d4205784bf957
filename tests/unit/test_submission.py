"""What makes a submission whole, apart from any ledger."""

from itertools import pairwise
from uuid import UUID

import pytest

from arxos.domain.errors import CycleError
from arxos.domain.jobs.submission import refuse_circles

Graph = dict[UUID, list[UUID]]


def circle(length: int) -> Graph:
    return {UUID(int=n): [UUID(int=(n - 1) % length)] for n in range(length)}


def way(graph: Graph) -> list[str]:
    with pytest.raises(CycleError) as refusal:
        refuse_circles(graph)
    return str(refusal.value).removeprefix("jobs wait for each other: ").split(" → ")


def test_a_job_that_waits_for_itself_is_a_circle() -> None:
    assert way({UUID(int=7): [UUID(int=7)]}) == [str(UUID(int=7))] * 2


@pytest.mark.parametrize("length", [2, 5, 6])
def test_the_way_round_leads_from_each_job_to_the_one_that_waits_for_it(length: int) -> None:
    graph = circle(length)
    ids = [UUID(one) for one in way(graph)]
    assert len(ids) == length + 1
    assert all(before in graph[after] for before, after in pairwise(ids))
    assert ids[0] == ids[-1]


def test_of_a_long_way_the_middle_is_left_out() -> None:
    steps = way(circle(10_000))
    assert len(steps) == 7
    assert steps[0] == steps[-1]
    assert steps[-2] == "… (9995 more)"


def test_deep_and_wide_graphs_without_a_circle_pass() -> None:
    chain = {UUID(int=n): [UUID(int=n - 1)] for n in range(1, 10_000)}
    refuse_circles(chain | {UUID(int=20_000): list(chain)})


def test_a_circle_is_found_beside_what_hangs_from_it() -> None:
    graph = circle(3) | {UUID(int=8): [UUID(int=0)], UUID(int=9): [UUID(int=8)]}
    assert {UUID(one) for one in way(graph)} == {UUID(int=n) for n in range(3)}
