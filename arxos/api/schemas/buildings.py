"""Buildings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from arxos.api.schemas.shared import SOME_ID, NextCursor
from arxos.domain.buildings.address import LINE_LIMIT, PART_LIMITS, REQUIRED
from arxos.domain.buildings.building import NAME_LIMIT, Building
from arxos.domain.buildings.status import BuildingStatus

LINE = "10 Rue de la Paix, 75002 Paris, France"
PARTS = {  # of an address: what it is, an example
    "street": ("street and house, or block", "10 Rue de la Paix"),
    "city": ("city, town or village", "Paris"),
    "region": ("state, province, canton …", "Île-de-France"),
    "postal_code": ("as it is written there", "75002"),
    "country": ("its name or code", "France"),
}


def _line_or_parts(given: Any) -> Any:
    if not isinstance(given, str | Mapping):
        # pydantic tells of a ValueError, and lets a TypeError pass
        raise ValueError("must be one line, or an object with street, city …")  # noqa: TRY004
    return given


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most}


def _part(name: str) -> dict[str, Any]:
    text = _text(PART_LIMITS[name])
    told = {"description": PARTS[name][0], "examples": [PARTS[name][1]]}
    return text | told if name in REQUIRED else {"anyOf": [text, {"type": "null"}]} | told


# What fits is decided by the domain, which names the part: `address.city`.
PostalAddress = Annotated[
    Any,
    AfterValidator(_line_or_parts),
    WithJsonSchema(
        {
            "title": "Address",
            "description": "one line as on an envelope, from any country; or its parts",
            "anyOf": [
                _text(LINE_LIMIT),
                {
                    "type": "object",
                    "properties": {name: _part(name) for name in PART_LIMITS},
                    "required": list(REQUIRED),
                    "additionalProperties": False,
                },
            ],
            "examples": [LINE, {"street": "10 Rue de la Paix", "city": "Paris", "country": "France"}],
        }
    ),
]


def _absent() -> Any:
    """A field that was not given: there is no such value of its type."""
    return None


Name = Annotated[
    str,
    Field(
        description="what people call it",
        examples=["O'Brien Tower"],
        json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT},
    ),
]
Stage = Annotated[BuildingStatus, Field(description="where it is in its life", examples=["active"])]


class NewBuilding(BaseModel):
    """A building to add."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name
    address: PostalAddress
    status: Stage = BuildingStatus.DRAFT


class BuildingChange(BaseModel):
    """What to change of a building; what is not named stays."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name = Field(default_factory=_absent)
    address: PostalAddress = Field(default_factory=_absent)
    status: Stage = Field(default_factory=_absent)


class BuildingView(BaseModel):
    """A building."""

    id: UUID = Field(description="the building", examples=[SOME_ID])
    name: str = Field(description="as it was given", examples=["O'Brien Tower"])
    address: str = Field(description="on one line", examples=[LINE])
    address_parts: dict[str, str] = Field(
        description="the parts that were given; empty for an address of one line", examples=[{"city": "Paris"}]
    )
    status: BuildingStatus = Field(description="where it is in its life", examples=["active"])
    version: int = Field(description="counts its changes; the ETag", examples=[3])
    created_at: datetime | None = Field(description="when it was added", examples=["2026-03-01T09:30:00Z"])
    updated_at: datetime | None = Field(description="when it was last changed", examples=["2026-03-02T10:00:00Z"])

    @classmethod
    def of(cls, building: Building) -> Self:
        """The building as callers see it."""
        return cls(
            id=building.id,
            name=building.name,
            address=building.address.line,
            address_parts=building.address.parts(),
            status=building.status,
            version=building.version,
            created_at=building.created_at,
            updated_at=building.updated_at,
        )


class BuildingList(BaseModel):
    """A page of buildings, newest first."""

    items: list[BuildingView] = Field(description="the buildings of this page")
    next_cursor: NextCursor
