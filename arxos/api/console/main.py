"""All of the console's routes."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from arxos.api.console import assets, sign_in
from arxos.api.console.pages import (
    building,
    buildings,
    dead,
    job,
    jobs,
    log,
    overview,
    quarantine,
    queues,
    reports,
    schedules,
    sessions,
    workers,
)
from arxos.api.console.routing import HOME, console_router
from arxos.api.console.visitors import Looker

PAGES = (overview, jobs, job, dead, queues, workers, schedules, buildings, building, reports, quarantine, log, sessions)

home = console_router()


@home.get("")
async def start(_: Looker) -> Response:
    """The first page."""
    return RedirectResponse(HOME, 303)


router = APIRouter()
for one in (home, sign_in.router, assets.router, *(page.router for page in PAGES)):
    router.include_router(one)
