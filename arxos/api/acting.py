"""Who acts over HTTP, why, and from where: recorded with whatever is done."""

from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from arxos.api.addresses import client_address
from arxos.app.access import Caller
from arxos.domain.jobs.operator import Operator

REASON_LIMIT = 1000

Why = Annotated[
    str | None,
    Field(max_length=REASON_LIMIT, description="recorded with the act", examples=["the disk is full"]),
]


class Because(BaseModel):
    """Why something is done."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    reason: Why = None


def operator(request: Request, caller: Caller, reason: str | None = None, door: str = "http") -> Operator:
    """Whoever calls, as acts record them: ``http@10.0.0.7``."""
    return Operator(caller.subject, reason, f"{door}@{client_address(request)}")
