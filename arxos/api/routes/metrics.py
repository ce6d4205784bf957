"""For Prometheus."""

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from arxos.api.access import Credentials, caller
from arxos.api.addresses import came_directly, client_address, lies_in, networks
from arxos.api.metrics import exposition
from arxos.api.remembering import Remembered
from arxos.api.routes.health import WITHOUT_TOKEN_TOO
from arxos.api.working import Served
from arxos.app.bootstrap import Runtime
from arxos.app.gauges import Gauges, read_gauges

router = APIRouter(tags=["health"])

REMEMBERED_S = 5.0
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def gauges_of(runtime: Runtime) -> Remembered[Gauges]:
    """Read at most every five seconds."""
    return Remembered(lambda: to_thread.run_sync(read_gauges, runtime), REMEMBERED_S)


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    openapi_extra=WITHOUT_TOKEN_TOO,
    responses={
        200: {
            "content": {"text/plain": {"schema": {"type": "string"}}},
            "description": "Metrics as Prometheus reads them",
        }
    },
)
async def metrics(request: Request, runtime: Served, credentials: Credentials) -> Response:
    """Counters and times of requests over all processes of the interface, and how the queues stand.

    For whoever asks from the networks of `ARXOS_METRICS_ALLOW` (by default this machine), or has a token. What a proxy
    passes on does not come from this machine, unless `ARXOS_TRUSTED_PROXIES` names the proxy.
    """
    is_near = lies_in(client_address(request), networks(runtime.settings.metrics_allow))
    if not (is_near and came_directly(request)):
        await caller(request, credentials)
    found: Gauges = await request.app.state.gauges.get()
    return Response(await to_thread.run_sync(exposition, found), media_type=TEXT)
