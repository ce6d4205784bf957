"""The workflow around a job: jobs, edges, and how they lie in layers, with those that are alike drawn together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from uuid import UUID

from arxos.domain.jobs.job import JobState, OnFailure

MOST_JOBS = 5_000  # that one look takes in, the nearest first: a picture, a table or a page of JSON
MOST_EDGES = 20_000
TOLD = (
    JobState.SUCCEEDED,
    JobState.DEAD,
    JobState.CANCELLED,
    JobState.RUNNING,
    JobState.RETRYABLE,
    JobState.QUEUED,
    JobState.BLOCKED,
    JobState.UNREADABLE,
)
ALIKE = 5  # from so many on, jobs that are alike are one group


@dataclass(frozen=True, slots=True)
class Node:
    """A job, as little of it as its place in a workflow needs."""

    id: UUID
    kind: str
    state: JobState
    waiting_for: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """`job` waits for `before`, or did so until the edge was released."""

    before: UUID
    job: UUID
    on_failure: OnFailure
    released: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """All that hangs together with `job_id`, predecessors and successors of any degree, the nearest first.

    `cut`: there is more than one look takes in. Jobs that were pruned, and edges to them, are gone.
    """

    job_id: UUID
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """The edges of one policy from one group to another: how many there are, and how many are not released."""

    before: int  # the number of the group they come from
    on_failure: OnFailure
    edges: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Group:
    """One job, or many alike: of one kind, with the same shape of workflow before and behind them."""

    number: int  # from 1, layer by layer
    layer: int  # from 0: the longest way from a job that waits for nobody
    jobs: tuple[Node, ...]
    after: tuple[Link, ...] = field(default=())

    @property
    def kind(self) -> str:
        return self.jobs[0].kind

    @property
    def states(self) -> Mapping[JobState, int]:
        """How many of its jobs are in each state; what is done comes first."""
        counted = Counter(job.state for job in self.jobs)
        return {state: counted[state] for state in TOLD if counted[state]}

    @property
    def waits(self) -> str:
        """``waits for 1 of 2``, of a single blocked job."""
        [job, *others] = self.jobs
        if others or job.state is not JobState.BLOCKED:
            return ""
        edges = sum(link.edges for link in self.after)
        return f"waits for {job.waiting_for:,} of {max(edges, job.waiting_for):,}"


def arrange(graph: Graph, *, alike: int = ALIKE) -> list[Group]:
    """The groups, layer by layer. The job that was asked for is always on its own. Linear in jobs and edges.

    Alike are jobs of one kind whose predecessors are alike and whose successors are: 10,000 chains side by side become
    one chain of groups, and a group's jobs lie in one layer.
    """
    before, behind = _neighbours(graph)
    order = list(
        TopologicalSorter({node.id: [one for one, _ in before[node.id]] for node in graph.nodes}).static_order()
    )
    names = {node.id: (node.kind, node.id if node.id == graph.job_id else None) for node in graph.nodes}
    up, down = _shapes(order, before, names), _shapes(order[::-1], behind, names)
    layer: dict[UUID, int] = {}
    for one in order:
        layer[one] = max((layer[other] + 1 for other, _ in before[one]), default=0)
    together = _together(graph.nodes, lambda node: (layer[node.id], up[node.id], down[node.id]), alike)
    together.sort(key=lambda nodes: layer[nodes[0].id])
    links = _links(graph.edges, {node.id: number for number, nodes in enumerate(together, 1) for node in nodes})
    return [Group(number, layer[nodes[0].id], tuple(nodes), links[number]) for number, nodes in enumerate(together, 1)]


_Neighbours = Mapping[UUID, Sequence[tuple[UUID, OnFailure]]]


def _neighbours(graph: Graph) -> tuple[_Neighbours, _Neighbours]:
    before: dict[UUID, list[tuple[UUID, OnFailure]]] = defaultdict(list)
    behind: dict[UUID, list[tuple[UUID, OnFailure]]] = defaultdict(list)
    for edge in graph.edges:
        before[edge.job].append((edge.before, edge.on_failure))
        behind[edge.before].append((edge.job, edge.on_failure))
    return before, behind


def _shapes(order: Iterable[UUID], neighbours: _Neighbours, names: Mapping[UUID, object]) -> dict[UUID, int]:
    """A number for each job, the same for those of one name whose neighbours on this side have the same numbers."""
    numbers: dict[object, int] = {}
    shapes: dict[UUID, int] = {}
    for one in order:
        shape = names[one], frozenset((shapes[other], policy) for other, policy in neighbours[one])
        shapes[one] = numbers.setdefault(shape, len(numbers))
    return shapes


def _together(nodes: Iterable[Node], shape: Callable[[Node], object], alike: int) -> list[list[Node]]:
    groups: dict[object, list[Node]] = defaultdict(list)
    for node in sorted(nodes, key=lambda node: node.id):
        groups[shape(node)].append(node)
    return [
        part for group in groups.values() for part in ([group] if len(group) >= alike else [[one] for one in group])
    ]


def _links(edges: Iterable[Edge], number: Mapping[UUID, int]) -> Mapping[int, tuple[Link, ...]]:
    counted: Counter[tuple[int, int, OnFailure]] = Counter()
    waiting: Counter[tuple[int, int, OnFailure]] = Counter()
    for edge in edges:
        link = number[edge.job], number[edge.before], edge.on_failure
        counted[link] += 1
        waiting[link] += not edge.released
    links: dict[int, tuple[Link, ...]] = defaultdict(tuple)
    for to, before, policy in sorted(counted):
        one = (to, before, policy)
        links[to] += (Link(before, policy, counted[one], waiting[one]),)
    return links
