"""Whether it lives, whether it can take jobs in, and how each part is."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel, Field

from arxos import __version__
from arxos.api.access import Credentials, caller
from arxos.api.problems import Refusal
from arxos.api.remembering import Remembered
from arxos.app.bootstrap import Runtime
from arxos.app.components import Components, overall
from arxos.domain.errors import TransientError
from arxos.domain.health.parts import Component
from arxos.domain.health.report import HealthStatus as Status

router = APIRouter(prefix="/health", tags=["health"])

REMEMBERED_S = 1.0
WITHOUT_TOKEN_TOO: dict[str, Any] = {"security": [{}]}  # added to the ways in which it may be asked for


class Alive(BaseModel):
    """The process answers."""

    status: str = Field(default="alive", description="always this word", examples=["alive"])


class ComponentView(BaseModel):
    """One part of the system."""

    status: Status
    latency_ms: float | None = Field(
        default=None, description="how long it took to answer, milliseconds; only with a token", examples=[1.42]
    )
    detail: dict[str, Any] | None = Field(
        default=None, description="numbers and names; only with a token", examples=[{"alive": 2}]
    )

    @classmethod
    def of(cls, component: Component, *, whole: bool) -> "ComponentView":
        """As callers see it."""
        if not whole:
            return cls(status=component.status)
        return cls(status=component.status, latency_ms=component.latency_ms, detail=dict(component.detail))


class Health(BaseModel):
    """The system as a whole."""

    status: Status = Field(description="unhealthy: nothing can be taken in; degraded: something is not well")
    version: str = Field(description="of the interface's code", examples=["0.3.0"])
    components: dict[str, ComponentView] = Field(description="each part by name: `postgres`, `redis`, `workers` …")


def watch(app: FastAPI, runtime: Runtime) -> Components:
    """Begin to look, for this application."""
    components = Components(runtime.settings, runtime.database, runtime.ports.blobs)
    app.state.health = Remembered(lambda: to_thread.run_sync(components.look), REMEMBERED_S)
    app.state.watched = Remembered(lambda: to_thread.run_sync(components.watched), REMEMBERED_S)
    app.state.ready = Remembered(lambda: to_thread.run_sync(components.ready), REMEMBERED_S)
    return components


async def _is_known(request: Request, credentials: Credentials) -> bool:
    """Whether somebody with a token asks: numbers and names are not for the street.

    Where nobody can say whether the token counts, its bearer hears what strangers hear: that something is wrong.
    """
    try:
        await caller(request, credentials)
    except (Refusal, TransientError):
        return False
    return True


@router.get("/live", summary="Does the process answer?")
async def live() -> Alive:
    """Asks nobody else: for whoever restarts processes that hang."""
    return Alive()


@router.get(
    "/ready",
    summary="Can jobs be accepted?",
    responses={503: {"model": Health, "description": "Not now", "content": {"application/json": {}}}},
)
async def ready(request: Request, response: Response) -> Health:
    """PostgreSQL answers, and its schema is the one that this code knows. Without Redis jobs are accepted as well."""
    is_ready, found = await request.app.state.ready.get()
    response.status_code = 200 if is_ready else 503
    status = Status.HEALTHY if is_ready else Status.UNHEALTHY
    return Health(status=status, version=__version__, components=_shown(found, whole=False))


@router.get("", summary="How is each part?", openapi_extra=WITHOUT_TOKEN_TOO)
async def health(request: Request, known: Annotated[bool, Depends(_is_known)]) -> Health:
    """Every part is asked at once, and for a second at most. Latencies and details are for callers with a token.

    So are the services and certificates that the settings name, as they were found within the last minutes.
    """
    found = await request.app.state.health.get()
    if known:
        found = found | await request.app.state.watched.get()
    return Health(status=overall(found), version=__version__, components=_shown(found, whole=known))


def _shown(found: dict[str, Component], *, whole: bool) -> dict[str, ComponentView]:
    return {name: ComponentView.of(one, whole=whole) for name, one in found.items()}
