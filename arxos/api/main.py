"""The application: everything that answers HTTP, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from arxos import __version__
from arxos.api.guards import Guards
from arxos.api.problems import Problem, answer_with_problems, documented
from arxos.api.routes import health, kinds
from arxos.app.bootstrap import Runtime, start
from arxos.app.logging import configure_logging
from arxos.app.settings import read_settings
from arxos.storage.database import POOL_SIZE

ROUTERS = (kinds.router, health.router)
ANYWHERE = documented(400, 422, 429, 431, 500, 503)  # what any call may be answered with


def serve() -> FastAPI:
    """The application of one server process, from the environment."""
    settings = read_settings()
    configure_logging(settings)
    return create_app(start(settings, application="arxos-api"))


def create_app(runtime: Runtime) -> FastAPI:
    """The application on this runtime."""
    app = FastAPI(
        title="Arxos Workers",
        version=__version__,
        description="Hand in building models, submit jobs, read what became of them.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # they would be fetched from elsewhere
        redoc_url=None,
        responses=ANYWHERE,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.runtime = runtime
    for router in ROUTERS:
        app.include_router(router)
    answer_with_problems(app)
    app.add_middleware(Guards)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.threads = CapacityLimiter(POOL_SIZE)
    yield
    app.state.runtime.database.close()


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: FastAPI's, with the problems that it does not know of."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs", {}) | {"Problem": problem}
        app.openapi_schema = document
    return app.openapi_schema
