"""The stages of a building's life in the platform, and the ways between them."""

from enum import StrEnum

from arxos.domain.errors import InvalidBuildingError, InvalidTransitionError


class BuildingStatus(StrEnum):
    """Where a building stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    UNDER_REVIEW = "under_review"
    ARCHIVED = "archived"


# What is archived comes back only through a review; nothing that has been active becomes a draft without one.
TRANSITIONS: dict[BuildingStatus, frozenset[BuildingStatus]] = {
    BuildingStatus.DRAFT: frozenset({BuildingStatus.ACTIVE, BuildingStatus.UNDER_REVIEW, BuildingStatus.ARCHIVED}),
    BuildingStatus.ACTIVE: frozenset({BuildingStatus.UNDER_REVIEW, BuildingStatus.ARCHIVED}),
    BuildingStatus.UNDER_REVIEW: frozenset({BuildingStatus.DRAFT, BuildingStatus.ACTIVE, BuildingStatus.ARCHIVED}),
    BuildingStatus.ARCHIVED: frozenset({BuildingStatus.UNDER_REVIEW}),
}


def status_named(name: str) -> BuildingStatus:
    """The status of that name. Raises InvalidBuildingError naming those that exist."""
    try:
        return BuildingStatus(name)
    except ValueError:
        raise InvalidBuildingError(f"status: must be one of {', '.join(BuildingStatus)}, got {name!r:.60}") from None


def check_transition(old: BuildingStatus, new: BuildingStatus) -> None:
    """Raise InvalidTransitionError, naming the ways that are open, where `old` does not lead to `new`."""
    if new not in TRANSITIONS[old]:
        ways = ", ".join(sorted(TRANSITIONS[old]))
        raise InvalidTransitionError(f"status cannot change from {old} to {new}; from {old} it may become: {ways}")
