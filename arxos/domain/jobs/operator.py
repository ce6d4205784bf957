"""Who acts on jobs, queues, limits and schedules."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts, why, and from where (``cli@host``)."""

    name: str
    reason: str | None = None
    source: str | None = None
