"""Which fault happens when: decided by the seed alone, before anything starts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

LEAD_IN_S = 8.0  # before the first fault
GAP_S = (4.0, 12.0)  # from the end of one to the beginning of the next
OVERLAP = 0.2  # how often the next one begins while this one lasts
OVERLAP_WITHIN_S = 3.0
CALM_EVERY_S = 120.0
CALM_S = 35.0  # longer than any recovery may take: whatever is stuck shows here, untouched by the next fault

# How long each may last, in seconds; what happens in a moment lasts none.
KINDS: Mapping[str, tuple[float, float]] = {
    "worker killed": (0, 0),
    "child killed": (0, 0),
    "relay killed": (0, 0),
    "beat killed": (0, 0),
    "worker frozen": (3, 25),
    "relay frozen": (3, 25),
    "beat frozen": (3, 25),
    "workers rolled": (0, 0),  # as long as they take
    "redis restarted": (0, 6),
    "redis emptied": (0, 6),
    "redis flushed": (0, 0),
    "redis full": (3, 15),
    "redis clients killed": (0, 0),
    "redis cut off": (0, 8),
    "redis slow": (3, 12),
    "redis silent": (0, 0),
    "postgres restarted": (0, 5),
    "postgres crashed": (0, 5),
    "postgres cut off": (0, 8),
    "postgres slow": (3, 12),
    "postgres silent": (30, 30),  # until the kernel gives up: tcp_user_timeout of our connections
    "commits unanswered": (1, 5),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault to come. `pick`, from 0 to 1, chooses among those whom it may hit."""

    at: float
    kind: str
    seconds: float
    pick: float


def schedule(seed: int, seconds: float) -> list[Planned]:
    """The faults of a storm of so many seconds: each kind once before any comes again."""
    return list(_storm(Random(seed), seconds))  # noqa: S311 - to be the same again


def _storm(random: Random, seconds: float) -> Iterator[Planned]:
    at, overlapped, calm = LEAD_IN_S, False, CALM_EVERY_S
    for kind in _decks(random):
        planned = Planned(round(at, 1), kind, round(random.uniform(*KINDS[kind]), 1), random.random())
        if planned.at + planned.seconds > seconds:
            return
        yield planned
        overlapped = not overlapped and random.random() < OVERLAP
        at += random.uniform(0, OVERLAP_WITHIN_S) if overlapped else planned.seconds + random.uniform(*GAP_S)
        if at > calm:
            at, calm = at + CALM_S, calm + CALM_EVERY_S


def _decks(random: Random) -> Iterator[str]:
    while True:
        yield from random.sample(sorted(KINDS), len(KINDS))
