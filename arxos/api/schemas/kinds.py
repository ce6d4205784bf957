"""Job kinds."""

from typing import Any, Self

from pydantic import BaseModel, Field

from arxos.domain.access import Permission
from arxos.tasks.kind import JobKind


class KindView(BaseModel):
    """One job kind."""

    name: str = Field(description="by which jobs name it", examples=["building.validate"])
    title: str = Field(description="what it does, in a line", examples=["Validate a building's model."])
    queue: str = Field(description="where its jobs wait", examples=["validation"])
    contract: int = Field(description="the version of `payload`", examples=[1])
    max_attempts: int = Field(description="how often it is tried before it is dead", examples=[8])
    submit: Permission | None = Field(
        description="the permission that submitters need; null: the system submits it itself, and nobody else",
        examples=["submit"],
    )
    payload: dict[str, Any] = Field(
        description="JSON Schema of its payloads",
        examples=[{"type": "object", "properties": {"model_id": {"type": "string", "format": "uuid"}}}],
    )

    @classmethod
    def of(cls, kind: JobKind[Any]) -> Self:
        """The kind as callers see it."""
        return cls(
            name=kind.name,
            title=kind.title,
            queue=kind.queue,
            contract=kind.contract,
            max_attempts=kind.policy.max_attempts,
            submit=kind.submit,
            payload=kind.payload.model_json_schema(),
        )


class KindList(BaseModel):
    """All of them; there are few, so there is one page."""

    items: list[KindView] = Field(description="the job kinds, by name")
