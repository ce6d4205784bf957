"""Moments as a page's form has them: without a zone, which is UTC there."""

from datetime import UTC, datetime

from arxos.domain.errors import InvalidError
from arxos.domain.moments import bounded, read_iso


def read_since(text: str | None) -> datetime | None:
    """``2026-11-25T08:30`` of a form, or with a zone. Raises InvalidError."""
    if not text:
        return None
    try:
        moment = read_iso(text)
    except ValueError:
        raise InvalidError(f"since: {text!r:.60} is no date and time such as 2026-11-25T08:30") from None
    try:
        return bounded(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except ValueError as error:
        raise InvalidError(f"since: {text!r:.60} {error}") from None
