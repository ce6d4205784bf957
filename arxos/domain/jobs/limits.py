"""Limits: how many jobs of a kind or a queue may run at once, and how many may start in a second. Pure.

The relay grants by publishing, and only what it granted can be claimed. A job holds its place from then on until it has
settled, or its message is taken back. So a count of what is published or running, and no other relay counting at the
same time, is all that a limit needs.
"""

import math
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from arxos.domain.errors import InvalidError

PER = re.compile(r"building|submitter|payload\.[A-Za-z_][A-Za-z0-9_]{0,99}")
MOST = 1_000_000


class Scope(StrEnum):
    """What a limit is on."""

    KIND = "kind"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a kind or a queue is allowed; None: any number.

    `running`: jobs at once; `per_running`: jobs at once for each value of `per`, which is ``building``, ``submitter``
    or ``payload.<field>``; `rate`: starts a second, at most `burst` of them in one moment (None: as many as in one
    second, at least 1).
    """

    running: int | None = None
    per: str | None = None
    per_running: int = 1
    rate: float | None = None
    burst: int | None = None

    @property
    def bucket_size(self) -> int:
        """How many starts the rate allows in one moment."""
        return self.burst or max(1, math.ceil(self.rate or 1))


def check_allowance(allowed: Allowance) -> None:
    """Raises InvalidError naming what is wrong."""
    numbers = (("running", allowed.running, 0), ("per-running", allowed.per_running, 1), ("burst", allowed.burst, 1))
    for what, value, least in numbers:
        if value is not None and not least <= value <= MOST:
            raise InvalidError(f"{what}: must be {least} to {MOST}, got {value}")
    if allowed.rate is not None and not 0 < allowed.rate <= MOST:
        raise InvalidError(f"rate: must be more than 0 and at most {MOST}, got {allowed.rate:g}")
    if allowed.per is not None and not PER.fullmatch(allowed.per):
        raise InvalidError(f"per: must be building, submitter or payload.<field>, got {allowed.per!r}")
    if allowed.burst is not None and allowed.rate is None:
        raise InvalidError("burst: needs a rate")
    if (allowed.running, allowed.per, allowed.rate) == (None, None, None):
        raise InvalidError("limit: needs running, per or rate")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The rate's bucket when it was looked at last: starts that it holds, and those granted that nobody has claimed."""

    tokens: float
    unclaimed: int
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """A kind's or a queue's limit as it stands in the ledger."""

    scope: Scope
    name: str
    allowed: Allowance
    bucket: Bucket
    source: str = "operator"  # or code
    set_by: str | None = None

    @property
    def group(self) -> str:
        """What its jobs are counted under: ``kind:building.validate``."""
        return f"{self.scope}:{self.name}"


def refilled(allowed: Allowance, bucket: Bucket, now: datetime, unclaimed: int) -> float:
    """How many starts may be granted now.

    Tokens and unclaimed starts together never exceed the bucket: whoever claims late uses a token that was not
    refilled meanwhile, so that in any `t` seconds at most burst + rate · t jobs start, however late their claims.
    Since claims may have come just now, what was unclaimed at the last look kept the bucket as full for all the time
    since: at 5 a second and a burst of 5, with 2 tokens and 1 unclaimed at the last look, 10 s ago: 4, not 5.
    """
    since = max(0.0, (now - bucket.looked_at).total_seconds())
    size = allowed.bucket_size
    return max(0.0, min(bucket.tokens + (allowed.rate or 0.0) * since, size - max(bucket.unclaimed, unclaimed)))


@dataclass(slots=True)
class Room:
    """What the limits leave at one moment; less with every place that is taken.

    `in_flight`: by group, what is published or running; of a group with a key (``kind:…/key``) too.
    `unclaimed`: by group without a key, what is published only. `paused`: groups of which nothing may start.
    """

    limits: Mapping[str, Limit]
    in_flight: Mapping[str, int]
    unclaimed: Mapping[str, int]
    paused: frozenset[str]
    now: datetime
    _taken: dict[str, int] = field(default_factory=dict)

    def left(self, group: str) -> float:
        """How many more of a group may be published; infinite where nothing limits it (any more)."""
        whole, keyed, _ = group.partition("/")
        limit = self.limits.get(whole)
        if whole in self.paused:
            return 0
        if limit is None:
            return math.inf
        taken = self.in_flight.get(group, 0) + self._taken.get(group, 0)
        if keyed:
            return limit.allowed.per_running - taken if limit.allowed.per else math.inf
        return min(
            math.inf if limit.allowed.running is None else limit.allowed.running - taken,
            math.inf if limit.allowed.rate is None else math.floor(self.tokens(limit)) - self._taken.get(group, 0),
        )

    def tokens(self, limit: Limit) -> float:
        """Starts in the bucket of a rate, before any place was taken."""
        return refilled(limit.allowed, limit.bucket, self.now, self.unclaimed.get(limit.group, 0))

    def take(self, groups: Iterable[str]) -> str | None:
        """A place in each of these for one job. Where one has none left nothing is taken, and that one is told."""
        groups = list(groups)
        full = next((group for group in groups if self.left(group) < 1), None)
        if full is None:
            self._taken.update({group: self._taken.get(group, 0) + 1 for group in groups})
        return full

    def spent(self, limit: Limit, published: int) -> Bucket:
        """A rate's bucket after so many of its jobs were really published."""
        unclaimed = self.unclaimed.get(limit.group, 0) + published
        return Bucket(max(0.0, self.tokens(limit) - published), unclaimed, self.now)


def groups_of(kind: str, queue: str, keys: Mapping[str, str], limited: Container[str]) -> list[str]:
    """The groups in which a job needs a place, those of whole kinds and queues first.

    `keys`: the job's value of `per` by group without key. `limited`: groups that have a limit or are paused.
    """
    whole = [group for group in (f"{Scope.KIND}:{kind}", f"{Scope.QUEUE}:{queue}") if group in limited]
    return whole + [f"{group}/{keys[group]}" for group in whole if group in keys]
