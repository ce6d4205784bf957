"""Lists in pages: a cursor says where the next page begins, so pages stay right while rows are added."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from arxos.api.problems import FieldError, Refusal
from arxos.domain.jobs.listing import Place
from arxos.domain.moments import read_moment
from arxos.domain.storable import checked_text

Cursor = Annotated[
    str | None, Query(max_length=1000, description="`next_cursor` of the page before; without it, the first page")
]
Limit = Annotated[int, Query(ge=1, le=1000, description="how many items at most")]


def cursor_at(*place: object) -> str:
    """A cursor that tells a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(place, default=str).encode()).decode().rstrip("=")


def place_of(cursor: str | None, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The place that a cursor of ours tells, its parts of these kinds. Raises Refusal (422)."""
    if cursor is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise wrong_cursor() from error


def as_text(part: Any) -> str:
    """A text of a cursor. Raises ValueError for what no column can hold, TypeError where it is no text."""
    if not isinstance(part, str):
        raise TypeError
    return checked_text(part)


def _number_below(limit: int) -> Callable[[Any], int]:
    def as_number(part: Any) -> int:
        if type(part) is not int or not 0 <= part < limit:
            raise ValueError
        return part

    return as_number


as_number = _number_below(1 << 31)  # what a column `integer` holds
as_big_number = _number_below(1 << 63)  # what a column `bigint` holds


def as_place(cursor: str | None) -> Place | None:
    """The place in a list by time and id. Raises Refusal (422)."""
    found = place_of(cursor, read_moment, UUID)
    return (found[0], found[1]) if found else None


def wrong_cursor() -> Refusal:
    """What whoever makes up a cursor is told."""
    errors = [FieldError(field="query.cursor", message="not one of ours")]
    return Refusal(422, "query.cursor: not one of ours", errors=errors)


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """The address of the next page as a header, too (RFC 8288)."""
    if cursor is not None:
        address = request.url.include_query_params(cursor=cursor)
        response.headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
