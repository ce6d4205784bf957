"""Whose turn it is: submitters share a queue, each one's jobs go by priority and age. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

SECONDS_PER_PRIORITY = 10  # what one step of priority is worth in waiting: so nothing starves


@dataclass(frozen=True, slots=True)
class Candidate:
    """A due job, as little of it as publishing needs. `turn`: when it was due, in seconds, less its priority's worth.

    `held`: the group whose limit left no room for it when it was looked at last; '': none.
    """

    id: UUID
    kind: str
    batch: int
    trace: str | None
    submitter: str
    turn: float
    held: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A submitter's part in a queue: how many of its jobs are published or running, and its weight."""

    load: int = 0
    weight: float = 1.0


def in_turn(candidates: Iterable[Candidate], shares: Mapping[str, Share]) -> list[Candidate]:
    """The candidates in the order in which they are to be published.

    Whoever has the least in flight goes first, so that each submitter gets an equal part (or one by its weight),
    however many jobs it has waiting. With 3 of ada's in flight and none of bob's: bob, bob, bob, then ada and bob in
    turns. Among a submitter's own, and where submitters are equal, the earlier turn goes first.
    """
    by_submitter: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in sorted(candidates, key=lambda one: (one.turn, one.id)):
        by_submitter[candidate.submitter].append(candidate)
    placed = []
    for submitter, theirs in by_submitter.items():
        share = shares.get(submitter, Share())
        placed += [((share.load + n) / share.weight, one.turn, one.id, one) for n, one in enumerate(theirs, 1)]
    return [one for *_, one in sorted(placed, key=lambda place: place[:3])]
