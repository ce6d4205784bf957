"""The application: everything that answers HTTP, put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette_compress import CompressMiddleware, remove_compress_type

from arxos import __version__
from arxos.api.addresses import networks
from arxos.api.admission import Admission
from arxos.api.all_routes import all_routes
from arxos.api.callers import callers_of, listening
from arxos.api.console.main import router as console
from arxos.api.description import ANYWHERE, describe
from arxos.api.drawings import Drawings
from arxos.api.gathered import gather
from arxos.api.guards import Guards
from arxos.api.listening import kept_answers
from arxos.api.metrics import Counted
from arxos.api.minutes import told
from arxos.api.presence import announced
from arxos.api.problems import answer_with_problems
from arxos.api.route_rights import RouteRights
from arxos.api.routes import (
    audits,
    building_events,
    building_health,
    building_reads,
    buildings,
    dead_letters,
    health,
    job_acts,
    job_events,
    jobs,
    kinds,
    limits,
    metrics,
    models,
    places,
    queues,
    records,
    reports,
    schedules,
    sessions,
    tokens,
    webhooks,
    workers,
)
from arxos.api.serving.processes import leave_with_parent
from arxos.api.shares import Shares
from arxos.app.bootstrap import Runtime, impatient, start
from arxos.app.logging import configure_logging
from arxos.app.settings import read_settings
from arxos.storage.database import POOL_SIZE

ROUTERS = (  # those that are asked most come first: each is tried in turn
    building_reads.router,
    jobs.router,
    job_events.router,
    job_acts.router,
    dead_letters.router,
    kinds.router,
    schedules.router,
    buildings.router,
    models.router,
    places.router,
    building_events.router,
    building_health.router,
    queues.router,
    limits.router,
    workers.router,
    records.router,
    audits.router,
    reports.router,
    tokens.router,
    sessions.router,
    webhooks.router,
    health.router,
    metrics.router,
    console,
)


STREAMS, STREAM_AGAIN_S = 2_000, 30  # event streams of one process, and when to ask again for one
PARSED_AT_ONCE = 1  # large bodies: two at once would take no less time, and more memory


def serve() -> FastAPI:
    """The application of one server process, from the environment."""
    leave_with_parent()
    settings = read_settings()
    configure_logging(settings)
    return create_app(impatient(start(settings, application="arxos-api")))


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
    _compress(app)
    settings = runtime.settings
    app.add_middleware(Admission, settings=settings, rights=RouteRights(all_routes(app.routes)))
    app.state.upload_shares = Shares(
        "files that come in", models.AT_ONCE, settings.uploads_at_once, models.COME_AGAIN_S
    )
    app.state.stream_shares = Shares("event streams", STREAMS, settings.streams_at_once, STREAM_AGAIN_S)
    app.state.proxies = networks(settings.trusted_proxies)
    app.state.callers = callers_of(runtime)
    if origins := [one.strip() for one in settings.cors_origins.split(",") if one.strip()]:
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(Counted)
    app.add_middleware(Guards, https=settings.api_https)
    describe(app)
    return app


def _compress(app: FastAPI) -> None:
    """The innermost: what is counted and guarded is what is sent."""
    # Pages hold secrets beside words from their address: compressed, their length would tell (BREACH).
    # Events are to arrive one by one, at once.
    for left_alone in ("text/html", "text/event-stream"):
        remove_compress_type(left_alone)
    app.add_middleware(CompressMiddleware)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
    app.state.threads = CapacityLimiter(POOL_SIZE)
    app.state.drawings = Drawings()
    app.state.uploads = CapacityLimiter(models.AT_ONCE)
    app.state.parsing = CapacityLimiter(PARSED_AT_ONCE)
    runtime: Runtime = app.state.runtime
    gather(app, runtime, app.state.threads)
    app.state.gauges = metrics.gauges_of(runtime)
    components = health.watch(app, runtime)
    async with (
        told(runtime) as app.state.minutes,
        kept_answers(runtime) as app.state.answers,
        listening(app.state.callers),
    ):
        presence = announced(runtime)
        yield {"ending": asyncio.Event()}  # set by the server when it ends: streams end with it
        presence.end()
    components.close()
    runtime.database.close()
