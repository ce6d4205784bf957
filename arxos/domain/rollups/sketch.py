"""Many durations in little room: percentiles of any number of values, mergeable, each within 1 % of the true value.

A thin cover of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
guarantees", VLDB 2019), which counts values by the logarithm of their size.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from ddsketch.mapping import LogarithmicMapping
from ddsketch.store import DenseStore

ACCURACY: Final = 0.01  # relative
NOTHING_S = 1e-9  # what is no longer than this counts as zero
ZERO = "zero"
# A value's bin is the smallest whole number not below ln(value) times this.
BINS_PER_E = 1 / math.log((1 + ACCURACY) / (1 - ACCURACY))
MAPPING: Final = LogarithmicMapping(ACCURACY)


class Sketch:
    """Durations in seconds."""

    __slots__ = ("store", "zeros")

    def __init__(self) -> None:
        self.store = DenseStore()
        self.zeros = 0

    def add(self, seconds: float, count: int = 1) -> None:
        """Take a value in."""
        if seconds > NOTHING_S:
            self.store.add(MAPPING.key(seconds), count)
        else:
            self.zeros += count

    def merge(self, other: "Sketch") -> None:
        """Take all values of another one in."""
        self.store.merge(other.store)
        self.zeros += other.zeros

    @property
    def count(self) -> int:
        """How many values."""
        return self.zeros + int(self.store.count)

    def quantile(self, share: float) -> float | None:
        """The value that this share of all is not above, within 1 %; None: there are none."""
        rank = share * (self.count - 1) - self.zeros
        if not self.count:
            return None
        return float(MAPPING.value(self.store.key_at_rank(rank))) if rank >= 0 else 0.0

    def above(self, seconds: float) -> int:
        """How many values are greater, counted by bins: those within 2 % of it may be on either side."""
        limit = MAPPING.key(seconds)
        return sum(count for key, count in self.bins().items() if key != ZERO and int(key) > limit)

    def bins(self) -> dict[str, int]:
        """How many values are in each bin, by its number; and ``zero``."""
        bins = enumerate(self.store.bins, self.store.offset)
        return {str(key): int(count) for key, count in bins if count} | ({ZERO: self.zeros} if self.zeros else {})

    @classmethod
    def of(cls, bins: Mapping[str, int]) -> Self:
        """The same sketch again, or one that was counted elsewhere by the same bins."""
        made = cls()
        for key, count in bins.items():
            if key == ZERO:
                made.zeros = int(count)
            else:
                made.store.add(int(key), int(count))
        return made


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """All of them as one."""
    whole = Sketch()
    for one in sketches:
        whole.merge(one)
    return whole


def percentiles(sketch: Sketch) -> dict[str, Any]:
    """For people and programs: seconds."""
    return {f"p{int(share * 100)}": sketch.quantile(share) for share in (0.5, 0.95, 0.99)}
