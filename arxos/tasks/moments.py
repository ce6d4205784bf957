"""Moments and days as fields of requests, queries and payloads: ISO 8601, in the years 1970 to 3000 (UTC)."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Discriminator, Tag

from arxos.domain.moments import bounded, bounded_day

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _moment(value: object) -> object:
    """Numbers would be taken for seconds since 1970, and hardly anybody means that."""
    if not isinstance(value, datetime | str) or (isinstance(value, str) and not _MOMENT.match(value)):
        raise ValueError("must be a date and time with a zone, such as 2026-11-25T08:00:00Z")
    return value


def _day(value: object) -> object:
    """Numbers would be taken for seconds since 1970, and hardly anybody means that."""
    if not isinstance(value, date | str) or (isinstance(value, str) and not _DAY.fullmatch(value)):
        raise ValueError("must be a date such as 2026-11-25")
    return value


def _spelling(value: object) -> str:
    is_day = _DAY.fullmatch(value) if isinstance(value, str) else type(value) is date
    return "day" if is_day else "moment"


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(bounded)]
Day = Annotated[date, BeforeValidator(_day), AfterValidator(bounded_day)]
MomentOrDay = Annotated[Annotated[Moment, Tag("moment")] | Annotated[Day, Tag("day")], Discriminator(_spelling)]
