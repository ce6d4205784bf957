"""What the request that is being answered is known by, in this process and beyond it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from secrets import token_hex

from starlette.datastructures import Headers
from structlog.contextvars import bound_contextvars

REQUEST_ID = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_request_id: ContextVar[str] = ContextVar("request_id", default="")
_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return _request_id.get()


def traceparent() -> str | None:
    """The trace that the request belongs to (W3C), where it told one."""
    return _traceparent.get()


@contextmanager
def identified(headers: Headers) -> Iterator[str]:
    """The id that the request came with, or a new one; in the log, too."""
    told = headers.get("traceparent")
    identity = next((name for name in headers.getlist(REQUEST_ID) if _ID.fullmatch(name)), None) or token_hex(8)
    _request_id.set(identity)
    _traceparent.set(told if told and _TRACE.fullmatch(told) else None)
    with bound_contextvars(request_id=identity):
        yield identity
