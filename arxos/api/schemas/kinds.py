"""Job kinds."""

from typing import Any, Self

from pydantic import BaseModel, Field

from arxos.tasks.kind import JobKind


class KindView(BaseModel):
    """One job kind."""

    name: str = Field(examples=["building.validate"])
    title: str = Field(description="what it does, in a line", examples=["Validate a building's model."])
    queue: str = Field(description="where its jobs wait", examples=["validation"])
    contract: int = Field(description="the version of `payload`")
    max_attempts: int = Field(description="how often it is tried before it is dead")
    payload: dict[str, Any] = Field(description="JSON Schema of its payloads")

    @classmethod
    def of(cls, kind: JobKind[Any]) -> Self:
        """The kind as callers see it."""
        return cls(
            name=kind.name,
            title=kind.title,
            queue=kind.queue,
            contract=kind.contract,
            max_attempts=kind.policy.max_attempts,
            payload=kind.payload.model_json_schema(),
        )


class KindList(BaseModel):
    """All of them; there are few, so there is one page."""

    items: list[KindView]
