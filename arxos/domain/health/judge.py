"""A building's health from what is known of it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arxos.domain.health.report import Ailment, BuildingFacts, HealthStatus, Reason

PATIENCE_S = 3600.0  # how long a new model may take before it is missed that it was not processed

WEIGHT: Mapping[Ailment, HealthStatus] = {
    Ailment.NO_MODEL: HealthStatus.DEGRADED,
    Ailment.BYTES_MISSING: HealthStatus.UNHEALTHY,
    Ailment.UNREADABLE: HealthStatus.UNHEALTHY,
    Ailment.NOT_VALIDATED: HealthStatus.DEGRADED,
    Ailment.RULES_OUTDATED: HealthStatus.DEGRADED,
    Ailment.INVALID: HealthStatus.DEGRADED,
    Ailment.NOT_INDEXED: HealthStatus.UNHEALTHY,  # readers see nothing at all
    Ailment.INDEX_OUTDATED: HealthStatus.DEGRADED,
    Ailment.SHAPES_FAILED: HealthStatus.DEGRADED,
    Ailment.CACHE_COLD: HealthStatus.DEGRADED,
    Ailment.DEAD_JOBS: HealthStatus.DEGRADED,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked at outside of the database. None: it could not be looked at, which tells nothing."""

    bytes_there: bool | None = None
    cache_warm: bool | None = None


def judge(facts: BuildingFacts, seen: Seen, rules: str) -> list[Reason]:
    """Why the building is not well; none: it is. `rules`: the version that models are checked by now."""
    found = ((ailment, look(facts, seen, rules)) for ailment, look in _LOOKS.items())
    return [Reason(ailment, WEIGHT[ailment], words) for ailment, words in found if words]


Look = Callable[[BuildingFacts, Seen, str], str | None]


def _no_model(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    return None if facts.model_id else "no model was handed in yet"


def _bytes_missing(facts: BuildingFacts, seen: Seen, _: str) -> str | None:
    return f"the bytes of revision {facts.revision} are not in the store" if seen.bytes_there is False else None


def _unreadable(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    return f"revision {facts.revision} cannot be read as a model" if facts.readable is False else None


def _not_validated(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    missed = facts.model_id and facts.valid is None and _is_over(facts)
    return f"revision {facts.revision} was not validated" if missed else None


def _rules_outdated(facts: BuildingFacts, _: Seen, rules: str) -> str | None:
    if facts.valid is None or facts.rules == rules:
        return None
    return f"it was validated by rules {facts.rules or 'of before they had a version'}, now they are {rules}"


def _invalid(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    if facts.valid is not False or facts.readable is False:
        return None
    return f"revision {facts.revision} is not valid: {facts.errors} error{'' if facts.errors == 1 else 's'}"


def _not_indexed(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    missed = facts.model_id and facts.indexed_id is None and facts.readable is not False and _is_over(facts)
    return "no model of it is indexed" if missed else None


def _index_outdated(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    old = facts.indexed_id and facts.indexed_id != facts.model_id and facts.readable is not False and _is_over(facts)
    return f"the index is of revision {facts.indexed_revision}, the newest is {facts.revision}" if old else None


def _shapes_failed(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    return f"{facts.shapes_failed} of {facts.shapes} shapes could not be made" if facts.shapes_failed else None


def _cache_cold(facts: BuildingFacts, seen: Seen, _: str) -> str | None:
    cold = facts.indexed_id and seen.cache_warm is False and not facts.going
    return "the next reader waits: its answers are not in the cache" if cold else None


def _dead_jobs(facts: BuildingFacts, _: Seen, __: str) -> str | None:
    if not facts.dead:
        return None
    return f"{facts.dead} of its jobs {'is a dead letter' if facts.dead == 1 else 'are dead letters'}"


def _is_over(facts: BuildingFacts) -> bool:
    """Whether nothing more is to be expected of the jobs that the model's arrival made."""
    return not facts.going or (facts.age_s or 0.0) > PATIENCE_S


_LOOKS: Mapping[Ailment, Look] = {
    Ailment.NO_MODEL: _no_model,
    Ailment.BYTES_MISSING: _bytes_missing,
    Ailment.UNREADABLE: _unreadable,
    Ailment.NOT_VALIDATED: _not_validated,
    Ailment.RULES_OUTDATED: _rules_outdated,
    Ailment.INVALID: _invalid,
    Ailment.NOT_INDEXED: _not_indexed,
    Ailment.INDEX_OUTDATED: _index_outdated,
    Ailment.SHAPES_FAILED: _shapes_failed,
    Ailment.CACHE_COLD: _cache_cold,
    Ailment.DEAD_JOBS: _dead_jobs,
}
