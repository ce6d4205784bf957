"""One value as text: exact for a pipe, pleasant for a terminal."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from arxos.cli.times import relative, spoken
from arxos.domain.visible_text import visible

COLOURS: Mapping[str, str] = {
    "succeeded": "green",
    "running": "cyan",
    "queued": "blue",
    "blocked": "blue",
    "retryable": "yellow",
    "dead": "red",
    "failed": "red",
    "lost": "red",
    "cancelled": "bright_black",
    "unreadable": "magenta",
    "error": "red",
    "warning": "yellow",
    "info": "cyan",
}


def piped(value: Any) -> str:
    """Exact and on one line: times in ISO 8601, durations in seconds, nothing for None."""
    return flat(_exact(value))


def shown(value: Any, now: datetime) -> str:
    """Times from now, durations in their greatest unit, numbers with separators."""
    match value:
        case datetime():
            return relative(value, now)
        case timedelta():
            return spoken(value)
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case _:
            return piped(value)


def flat(text: str) -> str:
    """Text of users on one line; what a terminal would obey or hide is written out."""
    return visible(text)


def _exact(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(timespec="seconds")
        case timedelta():
            return f"{value.total_seconds():.3f}".rstrip("0").rstrip(".")
        case str():
            return value
        case Mapping() | Sequence():
            return json.dumps(value, default=dict if isinstance(value, Mapping) else str, ensure_ascii=False)
        case _:
            return str(value)
