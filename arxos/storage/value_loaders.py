"""How values of the database become Python's: one that Python cannot hold stands for itself, and fails no query.

psycopg raises for the whole answer where one row has a time beyond Python's calendar, or a number of more than 4,300
digits. No door takes such values and the columns' constraints refuse them; what an older version, another program or
a dump has left must hide no other row all the same.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from psycopg import DataError, adapters
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader

_BEYOND = re.compile(r"-?infinity|\d{5,}-.*|.* BC")
_EARLIEST, _LATEST = (1, 1, 3), (9999, 12, 29)  # can be moved to any time zone


class UnreadableMoment(datetime):
    """Stands for a time that Python cannot hold; by itself the earliest or latest day that it can."""

    text: str  # as the database writes it


class UnreadableJson(dict[str, Any]):
    """Stands for JSON that Python cannot read; by itself an object that says so."""

    def __init__(self, reason: str) -> None:
        super().__init__(unreadable=reason)
        self.reason = reason


class MomentLoader(Loader):
    """`timestamptz`, in the session's zone: UTC in ours."""

    def load(self, data: Buffer) -> datetime:
        text = bytes(data).decode()
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            if _BEYOND.fullmatch(text):
                return _unreadable(text)
            raise DataError(f"cannot read the time {text!r}: the session's DateStyle must be ISO") from None


class JsonLoader(Loader):
    """`json` and `jsonb`."""

    def load(self, data: Buffer) -> Any:
        try:
            return json.loads(bytes(data))
        except RecursionError:
            return UnreadableJson("is nested too deeply")
        except ValueError:  # PostgreSQL holds no wrong JSON: it has a number that is too long
            return UnreadableJson("has a number of too many digits")


def _unreadable(text: str) -> UnreadableMoment:
    is_early = text.startswith("-") or text.endswith("BC")
    moment = UnreadableMoment(*(_EARLIEST if is_early else _LATEST), tzinfo=UTC)
    moment.text = text
    return moment


LOADERS = AdaptersMap(adapters)  # the `context` of every connection
LOADERS.register_loader("timestamptz", MomentLoader)
LOADERS.register_loader("json", JsonLoader)
LOADERS.register_loader("jsonb", JsonLoader)
