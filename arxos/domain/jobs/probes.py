"""The port on `probe_effects`: a countable effect, for tests, canaries and benchmarks."""

from typing import Protocol
from uuid import UUID


class ProbeEffects(Protocol):
    """Effects within one transaction. Nothing stops a second one: counting them is the point."""

    def add(self, job_id: UUID, attempt: int, key: str) -> None:
        """One effect; written at the latest by commit."""
