"""Where the boxes of a workflow lie on a sheet, and which way its edges go. Pixels, y downwards."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from arxos.domain.jobs.graph import Group

WIDTH, HEIGHT = 252.0, 58.0  # of a box
GAP, DROP = 22.0, 64.0  # between boxes of a layer, between layers
LANE = 8.0  # the width that an edge takes where it passes through a layer
SWEEPS = 4

Point = tuple[float, float]
Slot = tuple[int, int]  # (number of a group, layer): its box, or further down the lane that its edges share


@dataclass(frozen=True, slots=True)
class Layout:
    """The upper left corners of boxes by number, the ways of edges by (from, to), and the sheet's size."""

    boxes: Mapping[int, Point]
    ways: Mapping[tuple[int, int], tuple[Point, ...]]
    width: float
    height: float


def lay_out(groups: Sequence[Group]) -> Layout:
    """Layers from above, each in an order that leaves few edges crossing; long edges pass between the boxes."""
    layer_of = {group.number: group.layer for group in groups}
    above = _above(groups)
    rows = _ordered(_rows(groups), above)
    middles, width = _middles(rows, above, layer_of)
    boxes = {n: (middles[n, layer] - WIDTH / 2, _top(layer)) for n, layer in layer_of.items()}
    ways = {
        (link.before, g.number): tuple(_way(middles, link.before, layer_of[link.before], g))
        for g in groups
        for link in g.after
    }
    return Layout(boxes, ways, width, _top(len(rows)) - DROP)


def _top(layer: int) -> float:
    return layer * (HEIGHT + DROP)


def _rows(groups: Iterable[Group]) -> list[list[Slot]]:
    """The slots of each layer: its boxes, and lanes for the edges that go further down."""
    reach = {group.number: group.layer for group in groups}
    for group in groups:
        for link in group.after:
            reach[link.before] = max(reach[link.before], group.layer - 1)
    rows: dict[int, list[Slot]] = defaultdict(list)
    for group in groups:
        for layer in range(group.layer, reach[group.number] + 1):
            rows[layer].append((group.number, layer))
    return [rows[layer] for layer in sorted(rows)]


class _Above(dict[Slot, list[Slot]]):
    """For each slot those of the layer above that it hangs from; a lane hangs from its own beginning."""

    def __missing__(self, slot: Slot) -> list[Slot]:
        return [(slot[0], slot[1] - 1)]


def _above(groups: Iterable[Group]) -> _Above:
    return _Above(
        {(g.number, g.layer): [(number, g.layer - 1) for number in {link.before for link in g.after}] for g in groups}
    )


def _ordered(rows: list[list[Slot]], above: _Above) -> list[list[Slot]]:
    """Each slot near the middle of those that it hangs together with, looked at from above and from below in turns.

    Source: the barycentre heuristic of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical
    System Structures", 1981.
    """
    up = {slot: above[slot] for row in rows[1:] for slot in row}
    down: dict[Slot, list[Slot]] = defaultdict(list)
    for slot, others in up.items():
        for other in others:
            down[other].append(slot)
    for _ in range(SWEEPS):
        _sweep(rows, up)
        _sweep(rows[::-1], down)
    _sweep(rows, up)
    return rows


def _sweep(rows: Sequence[list[Slot]], neighbours: Mapping[Slot, Sequence[Slot]]) -> None:
    for last, row in pairwise(rows):
        places = {slot: place / len(last) for place, slot in enumerate(last)}
        wanted = {slot: place / len(row) for place, slot in enumerate(row)}
        wanted |= {slot: _mean([places[one] for one in neighbours[slot]]) for slot in row if neighbours.get(slot)}
        row.sort(key=wanted.__getitem__)


def _middles(
    rows: Sequence[Sequence[Slot]], above: _Above, layer_of: Mapping[int, int]
) -> tuple[dict[Slot, float], float]:
    """Each slot's middle, below those that it hangs from as far as there is room; and the sheet's width."""
    middles: dict[Slot, float] = {}
    for row in rows:
        right = float("-inf")
        shifted = []
        for slot in row:
            half = (WIDTH if layer_of[slot[0]] == slot[1] else LANE) / 2
            hangs = [middles[one] for one in above[slot] if one in middles]
            wanted = _mean(hangs) if hangs else max(right, 0.0) + GAP + half
            middles[slot] = max(wanted, right + GAP + half)
            right = middles[slot] + half
            shifted.append(wanted - middles[slot])
        back = _mean(shifted)
        for slot in row:
            middles[slot] += back
    left = min(middles.values()) - WIDTH / 2
    return {slot: x - left for slot, x in middles.items()}, max(middles.values()) + WIDTH / 2 - left


def _way(middles: Mapping[Slot, float], before: int, begin: int, group: Group) -> Iterable[Point]:
    """From below one box, along its lane through the layers between, to above the other."""
    yield middles[before, begin], _top(begin) + HEIGHT
    for layer in range(begin + 1, group.layer):
        yield middles[before, layer], _top(layer)
        yield middles[before, layer], _top(layer) + HEIGHT
    yield middles[group.number, group.layer], _top(group.layer)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
