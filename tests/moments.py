"""Moments at the edges of what doors take, and lists' cursors that are none of ours: for tests that walk all doors."""

import base64
import json
from uuid import UUID

SOME = str(UUID(int=7))

TAKEN = {
    "first": "1970-01-01T00:00:00Z",
    "first elsewhere": "1969-12-31T23:00:00-01:00",
    "last": "3000-12-31T23:59:59.999999Z",
    "last elsewhere": "3001-01-01T13:59:59+14:00",
    "in between": "2026-11-25T08:00:00+05:30",
}
REFUSED = {
    "before the calendar": "0001-01-01T00:00:00+14:00",
    "first of the calendar": "0001-01-01T00:00:00Z",
    "after the calendar": "9999-12-31T23:59:59-05:00",
    "last of the calendar": "9999-12-31T23:59:59.999999Z",
    "too early": "1969-12-31T23:59:59.999999Z",
    "too early elsewhere": "1970-01-01T00:59:59+01:00",
    "too late": "3001-01-01T00:00:00Z",
    "too late elsewhere": "3000-12-31T23:59:59-00:01",
    "without a zone": "2026-11-25T08:00:00",
    "no moment": "tomorrow",
    "a number": "1764057600",
    "infinity": "infinity",
}


def cursor_of(place: object) -> str:
    """As the interface writes cursors, of any place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


CURSORS = {
    "no base64": "%%%",
    "no text": base64.urlsafe_b64encode(b"\xff\xfe[]").decode(),
    "no json": base64.urlsafe_b64encode(b"[1,").decode(),
    "empty": "",
    "nothing": cursor_of(None),
    "an object": cursor_of({"a": 1}),
    "too short": cursor_of([]),
    "too long": cursor_of([SOME, SOME, SOME]),
    "null": cursor_of([None]),
    "two nulls": cursor_of([None, None]),
    "a list": cursor_of([[SOME]]),
    "not a number": cursor_of([float("nan")]),
    "infinite": cursor_of([float("inf")]),
    "a huge float": cursor_of([1e308]),
    "a huge number": cursor_of([10**400]),
    "beyond bigint": cursor_of([1 << 63]),
    "negative": cursor_of([-1]),
    "true": cursor_of([True]),
    "a moment as a number": cursor_of([1764057600, SOME]),
    "nested": "W1tb" * 200,
    "half a surrogate pair": cursor_of(["\ud800", SOME]),
    "NUL": cursor_of(["\0", SOME]),
    "half a surrogate pair as id": cursor_of(["2026-11-25T08:00:00Z", "\ud800"]),
    "NUL as id": cursor_of(["2026-11-25T08:00:00Z", "\0"]),
    "no id": cursor_of(["2026-11-25T08:00:00Z", 7]),
}
# For lists that are ordered by time.
CURSORS_IN_TIME = {name: cursor_of([moment, SOME]) for name, moment in REFUSED.items()}
