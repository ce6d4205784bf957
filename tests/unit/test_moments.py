"""Which moments are taken: wherever a request or a payload has one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from arxos.domain.moments import END, FIRST, bounded, bounded_day, read_iso, read_moment
from arxos.tasks.moments import Day, Moment, MomentOrDay
from arxos.tasks.registry import all_kinds
from arxos.tasks.request import JobRequest
from tests.moments import REFUSED, TAKEN

AS_MOMENT: TypeAdapter[Any] = TypeAdapter(Moment)
AS_DAY: TypeAdapter[Any] = TypeAdapter(Day)
AS_EITHER: TypeAdapter[Any] = TypeAdapter(MomentOrDay)


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN)
def test_moments_of_1970_to_3000_are_taken(text: str) -> None:
    assert AS_MOMENT.validate_python(text) == datetime.fromisoformat(text) == read_moment(text)
    assert AS_EITHER.validate_python(text) == datetime.fromisoformat(text)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_others_are_refused(text: str) -> None:
    for kind in (AS_MOMENT, AS_EITHER):
        with pytest.raises(ValidationError):
            kind.validate_python(text)
    with pytest.raises(ValueError, match=r"zone|1970|isoformat"):
        read_moment(text)


@pytest.mark.parametrize("number", [0, 1764057600, -1, 1e308, float("nan"), float("inf"), True], ids=str)
def test_a_number_is_no_moment_and_no_day(number: float) -> None:
    for kind in (AS_MOMENT, AS_DAY, AS_EITHER):
        with pytest.raises(ValidationError):
            kind.validate_python(number)


@pytest.mark.parametrize(("text", "is_taken"), [
    ("1970-01-01", True), ("3000-12-31", True), ("1969-12-31", False), ("3001-01-01", False), ("9999-12-31", False),
    ("0001-01-01", False),
])  # fmt: skip
def test_days_have_the_same_bounds(text: str, is_taken: bool) -> None:
    for kind in (AS_DAY, AS_EITHER):
        if is_taken:
            assert kind.validate_python(text) == date.fromisoformat(text)
        else:
            with pytest.raises(ValidationError):
                kind.validate_python(text)
            with pytest.raises(ValueError, match="1970 to 3000"):
                bounded_day(date.fromisoformat(text))


@given(st.datetimes(timezones=st.timezones()))
def test_what_is_taken_can_be_moved_to_any_zone_and_be_far_from_now(moment: datetime) -> None:
    try:
        bounded(moment)
    except ValueError:
        return
    assert FIRST <= moment.astimezone(UTC) < END
    for hours in (-23, 23):
        moment.astimezone(UTC) + timedelta(hours=hours)
    assert abs(moment - datetime(2026, 11, 25, tzinfo=UTC)) < timedelta(days=366_000)


def _fields_in_time() -> list[tuple[str, type, str]]:
    """Every field of every payload and of a request that takes a date or a time."""
    models = {name: kind.payload for name, kind in all_kinds(probes=True).items()} | {"job": JobRequest}
    return [
        (f"{name} {field}", model, field)
        for name, model in models.items()
        for field, info in model.model_fields.items()
        if _is_of_time(info.annotation) or any(map(_is_of_time, info.metadata))
    ]


def _is_of_time(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, date):
        return True
    return any(_is_of_time(part) for part in get_args(annotation)) or "AwareDatetime" in repr(annotation)


FIELDS = _fields_in_time()


def test_the_walk_sees_the_fields_that_there_are() -> None:
    names = {name for name, _, _ in FIELDS}
    assert names >= {"job run_at", "job deadline", "rollup.jobs bucket", "rollup.jobs since", "webhook.deliver at"}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(("model", "field"), [one[1:] for one in FIELDS], ids=[one[0] for one in FIELDS])
def test_every_field_of_a_payload_refuses_other_moments(model: Any, field: str, text: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(model.model_fields[field].rebuild_annotation())
    with pytest.raises(ValidationError):
        adapter.validate_python(text)


@pytest.mark.parametrize("text", ["2026-11-25T24:00:00Z", "20261125T24", "2026-W48-3T24:00", "2026W483T2400+01:00"])
def test_the_hour_24_is_refused_by_every_python(text: str) -> None:
    with pytest.raises(ValueError, match="hour"):
        read_iso(text)


@pytest.mark.parametrize("text", ["2026-11-25T00:24:00Z", "2024-11-24T23:24:24Z", "20241124T0024Z", "2024-11-24"])
def test_other_24s_are_no_hour(text: str) -> None:
    assert read_iso(text).hour in {0, 23}
