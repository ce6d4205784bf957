"""Whether it lives."""

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/health", tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


@router.get("/live", summary="Does the process answer?")
async def live() -> Alive:
    """Asks nobody else: for whoever restarts processes that hang."""
    return Alive()
