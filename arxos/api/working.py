"""The domain is synchronous: its use cases run in threads, as many at once as there are database connections."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from arxos.app.bootstrap import Runtime

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(request: Request, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises, without keeping other requests waiting."""
    limiter: CapacityLimiter = request.app.state.threads
    return await to_thread.run_sync(partial(work, *args, **kwargs), limiter=limiter)


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


Served = Annotated[Runtime, Depends(_runtime)]
