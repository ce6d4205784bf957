"""Values as the console's pages say them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import humanize
from markupsafe import Markup

from arxos.domain.visible_text import visible

UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def shown(value: Any) -> Any:
    """What a template writes: text of others with what it hides or reorders written out, and markup as it is."""
    if isinstance(value, Markup):
        return Markup(visible(value, lines=True))  # noqa: S704 - it was escaped before, and no code needs escaping
    return visible(value, lines=True) if isinstance(value, str) else value


def span(seconds: float | None) -> str:
    """A duration in its two greatest units: ``340 ms``, ``4.2 s``, ``3 min 5 s``, ``2 d 4 h``."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    for place, (size, unit) in enumerate(UNITS):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            below, name = UNITS[place + 1] if place + 1 < len(UNITS) else (1, "s")
            return f"{whole} {unit} {rest // below} {name}" if rest // below else f"{whole} {unit}"
    return "–"


def moment(when: datetime | None, now: datetime | None = None) -> Markup:
    """A time from now, and exactly for whoever points at it; escaped markup."""
    if when is None:
        return Markup("–")
    away = ((now or datetime.now(UTC)) - when).total_seconds()
    words = f"{span(away)} ago" if away >= 0 else f"in {span(-away)}"
    exact = when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(when.isoformat(), exact, words)


def size(number: int | None) -> str:
    """Bytes: ``1.4 MiB``."""
    return "–" if number is None else humanize.naturalsize(number, binary=True)


def number(value: float | None, digits: int = 0) -> str:
    """With separators: ``12,345``."""
    return "–" if value is None else f"{value:,.{digits}f}"


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str, sort_keys=True)


def listed(details: Mapping[str, Any]) -> str:
    """Details on a line: ``queue geometry · running 4``."""
    return " · ".join(f"{name} {_plain(value)}" for name, value in details.items() if value not in (None, {}, []))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_plain(one)}" for name, one in value.items())
    return " → ".join(map(str, value)) if isinstance(value, list) else str(value)
