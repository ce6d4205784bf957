"""Workflows in layers, and as pictures."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from uuid import UUID
from xml.etree.ElementTree import Element, fromstring

import pytest
from rich.console import Console

from arxos.cli.graph import terminal_table
from arxos.domain.jobs.graph import Edge, Graph, Group, Node, arrange
from arxos.domain.jobs.graph_layout import GAP, HEIGHT, WIDTH, lay_out
from arxos.domain.jobs.graph_svg import MOST_BOXES, draw
from arxos.domain.jobs.job import STATES, JobState, OnFailure

SVG = "{http://www.w3.org/2000/svg}"


def graph(edges: list[tuple[int, int]], asked: int = 0, **kinds: str) -> Graph:
    """Jobs by their numbers; `kinds`: those of some, as ``_7="probe.sleep"``."""
    ends = sorted({asked} | {end for edge in edges for end in edge})
    nodes = [Node(UUID(int=n), kinds.get(f"_{n}", "probe.noop"), JobState.QUEUED) for n in ends]
    return Graph(
        UUID(int=asked),
        tuple(nodes),
        tuple(Edge(UUID(int=a), UUID(int=b), OnFailure.CANCEL, released=False) for a, b in edges),
    )


def shape(groups: list[Group]) -> list[tuple[int, int, list[int]]]:
    """(layer, how many jobs, after which groups) of each."""
    return [(group.layer, len(group.jobs), [link.before for link in group.after]) for group in groups]


def random_graph(seed: int, size: int = 60) -> Graph:
    random = Random(seed)
    edges = {(random.randrange(n), n) for n in range(1, size) for _ in range(random.choice([1, 1, 2, 5]))}
    return graph(sorted(edges), asked=random.randrange(size))


def texts(drawing: str) -> list[str]:
    return [text.text or "" for text in fromstring(drawing).iter(f"{SVG}text")]


# Layers and groups


def test_a_job_alone_is_one_group() -> None:
    assert shape(arrange(graph([]))) == [(0, 1, [])]


def test_a_jobs_layer_is_the_longest_way_to_it() -> None:
    assert shape(arrange(graph([(0, 1), (1, 2), (0, 2)]))) == [(0, 1, []), (1, 1, [1]), (2, 1, [1, 2])]


def test_many_alike_are_one_group() -> None:
    fan = [(0, n) for n in range(1, 1001)] + [(n, 2000) for n in range(1, 1001)]
    first, many, last = arrange(graph(fan))
    assert [len(group.jobs) for group in (first, many, last)] == [1, 1000, 1]
    assert (last.after[0].edges, last.after[0].waiting) == (1000, 1000)


def test_few_alike_are_shown_one_by_one() -> None:
    assert len(arrange(graph([(0, n) for n in range(1, 5)]))) == 5
    assert len(arrange(graph([(0, n) for n in range(1, 6)]))) == 2


def test_chains_side_by_side_are_one_chain_of_groups() -> None:
    chains = [edge for n in range(1, 100) for edge in ((0, n), (n, n + 100), (n + 100, n + 200))]
    assert shape(arrange(graph(chains))) == [(0, 1, []), (1, 99, [1]), (2, 99, [2]), (3, 99, [3])]


def test_whoever_differs_behind_or_before_stands_apart() -> None:
    fan = [(0, n) for n in range(1, 21)]
    assert sorted(len(group.jobs) for group in arrange(graph([*fan, (7, 30)]))) == [1, 1, 1, 19]
    assert sorted(len(group.jobs) for group in arrange(graph(fan, _7="probe.sleep"))) == [1, 1, 19]
    policies = graph(fan)
    spared = replace(policies, edges=(replace(policies.edges[0], on_failure=OnFailure.RUN), *policies.edges[1:]))
    assert sorted(len(group.jobs) for group in arrange(spared)) == [1, 1, 19]


def test_the_job_that_was_asked_for_is_on_its_own() -> None:
    groups = arrange(graph([(0, n) for n in range(1, 21)], asked=7))
    assert sorted(len(group.jobs) for group in groups) == [1, 1, 19]
    assert [group.jobs[0].id for group in groups if len(group.jobs) == 1][1] == UUID(int=7)


@pytest.mark.parametrize("seed", range(20))
def test_edges_lead_down_and_no_job_or_edge_is_lost(seed: int) -> None:
    seen = random_graph(seed)
    groups = arrange(seen)
    layers = {group.number: group.layer for group in groups}
    assert all(layers[link.before] < group.layer for group in groups for link in group.after)
    assert sorted(job.id for group in groups for job in group.jobs) == sorted(node.id for node in seen.nodes)
    assert sum(link.edges for group in groups for link in group.after) == len(seen.edges)
    assert [group.number for group in groups] == list(range(1, len(groups) + 1))


def test_a_group_counts_states_and_a_single_job_tells_what_it_waits_for() -> None:
    seen = graph([(0, n) for n in range(1, 11)] + [(n, 99) for n in range(1, 11)])
    states = {1: JobState.DEAD, 2: JobState.SUCCEEDED, 99: JobState.BLOCKED}
    nodes = [replace(node, state=states.get(node.id.int, JobState.RUNNING)) for node in seen.nodes]
    nodes[-1] = replace(nodes[-1], waiting_for=8)
    _, many, last = arrange(replace(seen, nodes=tuple(nodes)))
    assert list(many.states.items()) == [(JobState.SUCCEEDED, 1), (JobState.DEAD, 1), (JobState.RUNNING, 8)]
    assert (many.waits, last.waits) == ("", "waits for 8 of 10")


def test_ten_thousand_deep_and_wide_are_arranged() -> None:
    deep = [(n, n + 1) for n in range(10_000)]
    assert len(arrange(graph(deep))) == 10_001
    wide = [(0, n) for n in range(1, 10_000)] + [(n, 20_000) for n in range(1, 10_000)]
    assert len(arrange(graph(wide))) == 3


# The layout


@pytest.mark.parametrize("seed", range(10))
def test_boxes_lie_on_the_sheet_and_never_on_each_other(seed: int) -> None:
    groups = arrange(random_graph(seed), alike=1000)
    layout = lay_out(groups)
    rows: dict[float, list[float]] = {}
    for x, y in layout.boxes.values():
        assert -0.01 <= x <= layout.width - WIDTH + 0.01
        assert 0 <= y <= layout.height - HEIGHT
        rows.setdefault(y, []).append(x)
    for row in rows.values():
        assert all(right - left > WIDTH + GAP - 0.01 for left, right in pairwise(sorted(row)))


@pytest.mark.parametrize("seed", range(10))
def test_edges_begin_and_end_at_their_boxes_and_cross_no_other(seed: int) -> None:
    layout = lay_out(arrange(random_graph(seed), alike=1000))
    for (before, after), way in layout.ways.items():
        (x, y), (to_x, to_y) = layout.boxes[before], layout.boxes[after]
        assert way[0] == pytest.approx((x + WIDTH / 2, y + HEIGHT))
        assert way[-1] == pytest.approx((to_x + WIDTH / 2, to_y))
        for lane, top in way[1:-1]:
            others = [left for left, at in layout.boxes.values() if at == top]
            assert not any(left < lane < left + WIDTH for left in others)


# The picture


def test_a_picture_names_jobs_states_and_policies() -> None:
    seen = graph([(0, n) for n in range(1, 11)])
    drawing = draw(replace(seen, edges=tuple(replace(edge, on_failure=OnFailure.RUN) for edge in seen.edges)))
    said = texts(drawing)
    assert {f"Workflow of job {UUID(int=0)}", "10 × probe.noop", "10 queued", str(UUID(int=0)), "11 queued"} <= set(
        said
    )
    assert 'class="edge open run"' in drawing


def test_text_of_strangers_is_escaped() -> None:
    root: Element = fromstring(draw(graph([], _0="<script>&\x00\u202e")))
    assert "<script>&\\x00\\u202e" in [(text.text or "").strip() for text in root.iter(f"{SVG}text")]
    assert not list(root.iter(f"{SVG}script"))


def test_no_text_of_a_box_is_longer_than_the_box() -> None:
    drawing = draw(graph([(0, n) for n in range(1, 30)], _0="building." + "x" * 190))
    assert "…" in "".join(texts(drawing))
    assert max(len(text) for text in texts(drawing)) <= 80


def test_of_what_is_too_large_the_upper_layers_are_drawn_with_a_remark() -> None:
    drawing = draw(graph([(n, n + 1) for n in range(MOST_BOXES + 5)]))
    assert "there is more than is drawn here" in texts(drawing)
    assert drawing.count('class="id"') == MOST_BOXES
    assert "there is more than is drawn here" not in texts(draw(graph([(0, 1)])))


def test_of_the_counts_as_many_as_fit_are_told_whole() -> None:
    seen = graph([(0, n) for n in range(1, 90)])
    every = STATES
    nodes = [replace(node, state=every[node.id.int % len(every)]) for node in seen.nodes]
    told = [text for text in texts(draw(replace(seen, nodes=tuple(nodes)))) if "…" in text]
    assert told == ["13 succeeded, 13 dead …"]


# The terminal


def test_a_terminal_shows_layers_counts_and_the_first_dead_and_marks_what_was_asked_for() -> None:
    seen = graph([(0, n) for n in range(1, 21)] + [(n, 99) for n in range(1, 21)], asked=99)
    dead = {UUID(int=n) for n in range(3, 8)}
    states = [JobState.DEAD if node.id in dead else node.state for node in seen.nodes]
    nodes = tuple(replace(node, state=state) for node, state in zip(seen.nodes, states, strict=True))
    console = Console(width=200)
    with console.capture() as captured:
        console.print(terminal_table(arrange(replace(seen, nodes=nodes)), seen))
    lines = [line.split() for line in captured.get().splitlines()]
    assert [line[:2] for line in lines] == [["1", "probe.noop"], [], ["2", "20"], [], ["▶", "3"]]
    named = ", ".join(str(UUID(int=n)) for n in (3, 4, 5))
    assert f"5 dead, 15 queued · dead: {named}, … · after 1" in captured.get()
