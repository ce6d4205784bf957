"""Look at one building."""

from contextlib import suppress
from uuid import UUID

from arxos.domain.buildings.rules import RULES_VERSION
from arxos.domain.buildings.warm_cache import is_warm
from arxos.domain.errors import UnavailableError
from arxos.domain.events import BuildingHealthChanged
from arxos.domain.health.judge import Seen, judge
from arxos.domain.health.report import BuildingFacts, Reason, worst
from arxos.domain.ports import Ports, UnitOfWork


def examine(ports: Ports, building_id: UUID) -> tuple[BuildingFacts, list[Reason]]:
    """What is known of the building and why it is not well. Raises NotFoundError, UnavailableError."""
    with ports.unit_of_work() as uow:
        facts = uow.health.facts(building_id)
    seen = Seen(
        bytes_there=None if facts.sha256 is None else ports.blobs.exists(facts.sha256),
        cache_warm=_is_warm(ports, facts),
    )
    return facts, judge(facts, seen, RULES_VERSION)


def record(uow: UnitOfWork, facts: BuildingFacts, reasons: list[Reason]) -> None:
    """Keep the report; a status that is another is an event."""
    kept = uow.health.record(facts, reasons)
    if kept.changed:
        uow.emit(BuildingHealthChanged(facts.building_id, kept.was, worst(reason.status for reason in reasons)))


def _is_warm(ports: Ports, facts: BuildingFacts) -> bool | None:
    """None: the cache does not answer."""
    with suppress(UnavailableError):
        return is_warm(ports, facts.building_id)
    return None
