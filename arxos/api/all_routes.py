"""Every route of an application, however its routers are put into each other."""

from collections.abc import Iterable, Iterator

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute


def all_routes(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """Those of FastAPI's own sort, in order."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from all_routes(router.routes)
