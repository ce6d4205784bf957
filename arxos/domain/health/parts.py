"""The system's own parts, and what it depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from arxos.domain.health.report import HealthStatus


@dataclass(frozen=True, slots=True)
class Component:
    """One part. `latency_ms`: how long it took to answer; `detail`: numbers and names, never an address or a secret."""

    status: HealthStatus
    latency_ms: float = 0.0
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComponentReport:
    """A part as it was last looked at. `changed_at`: since when its status is this one."""

    name: str
    component: Component
    checked_at: datetime
    changed_at: datetime


class Surroundings(Protocol):
    """Everything that can be asked how it is."""

    def look(self) -> Mapping[str, Component]:
        """Every part and every watched service and certificate, by name; asked all at once, each with a time limit."""
