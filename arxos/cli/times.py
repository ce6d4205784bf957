"""Times and durations as people type and read them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from arxos.domain.moments import OUTSIDE, bounded, read_iso

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?:[0-9]{1,9}[smhdw])+")
_LONGEST = 999_999_999 * 86_400  # seconds that a timedelta holds, forth and back
_PART = re.compile(r"([0-9]+)([smhdw])")


def parse_duration(text: str) -> timedelta | None:
    """``30m``, ``2h``, ``1h30m``, ``3d``; None where the text is none."""
    if not _DURATION.fullmatch(text):
        return None
    seconds = sum(int(count) * UNITS[unit] for count, unit in _PART.findall(text))
    return timedelta(seconds=min(seconds, _LONGEST))


def parse_time(text: str, now: datetime | None = None, *, ahead: bool = False) -> datetime:
    """ISO 8601 with a zone, or a duration: ``2h`` is two hours ago; `ahead`: in two hours. Raises BadParameter.

    What tables show may be typed, too: ``2 h ago``, ``in 2 h``.
    """
    distance = parse_duration(text.removeprefix("in ").removesuffix(" ago").replace(" ", ""))
    if distance is not None:
        return _away(text, now or datetime.now(UTC), distance if ahead else -distance)
    try:
        when = read_iso(text)
    except ValueError as error:
        example = "in 30m, 2h, 3d" if ahead else "30m, 2h, 3d ago"
        raise typer.BadParameter(f"{text!r} is not an ISO 8601 time, nor such as {example}") from error
    if when.tzinfo is None:
        raise typer.BadParameter(f"{text!r} needs a zone, such as {when.isoformat(timespec='minutes')}Z")
    return _bounded(text, when)


def _away(text: str, now: datetime, distance: timedelta) -> datetime:
    try:
        return _bounded(text, now + distance)
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} {OUTSIDE}") from error


def _bounded(text: str, when: datetime) -> datetime:
    try:
        return bounded(when)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} {error}") from error


def _since(text: str) -> datetime:
    return parse_time(text)


def _at(text: str) -> datetime:
    return parse_time(text, ahead=True)


# For commands' signatures; both default to None.
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="TIME", parser=_since, help="Created since: 30m, 2h, 3d ago, or ISO 8601, zoned."),
]
At = Annotated[
    datetime | None,
    typer.Option("--at", metavar="TIME", parser=_at, help="Not before: in 30m, 2h, 3d, or ISO 8601 with a zone."),
]


def relative(when: datetime | None, now: datetime | None = None) -> str:
    """How long ago, or how soon: ``3 m ago``, ``in 12 s``; empty for None."""
    if when is None:
        return ""
    distance = when - (now or datetime.now(UTC))
    far = spoken(abs(distance))
    return f"in {far}" if distance > timedelta(0) else f"{far} ago"


def spoken(duration: timedelta) -> str:
    """A duration in its greatest whole unit, for tables: ``3 m``, ``12 s``, ``0 s``."""
    seconds = duration.total_seconds()
    unit, size = next(((unit, size) for unit, size in _TOLD if seconds >= size), ("s", 1))
    return f"{int(seconds // size)} {unit}"


_TOLD = (("d", 86_400), ("h", 3_600), ("m", 60))


def exact(duration: timedelta) -> str:
    """A duration to three digits: ``4 ms``, ``1.25 s``, ``2 m 05 s``, ``3 h 20 m``, ``4 d 02 h``."""
    seconds = duration.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    for (unit, size), (below, part) in ((("d", 86_400), ("h", 3_600)), (("h", 3_600), ("m", 60))):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} {int(seconds % size // part):02} {below}"
    return f"{int(seconds // 60)} m {int(seconds % 60):02} s"
