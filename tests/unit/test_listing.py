"""Where jobs stand in lists: one bound on the id says the same as the whole place."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from uuid6 import uuid7

from arxos.domain.jobs.listing import EPOCH, bound, carries_time, place_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEAR = st.integers(min_value=-3000, max_value=3000).map(lambda us: NOON + timedelta(microseconds=us))
TAILS = st.integers(min_value=0, max_value=2**76 - 1)


def of_version_7(at: datetime, tail: int) -> UUID:
    return UUID(int=((at - EPOCH) // timedelta(milliseconds=1) << 80) | (7 << 76) | tail)


TIMED = st.builds(of_version_7, NEAR, TAILS)
OTHER = st.uuids(version=4)


@given(job=TIMED, before=st.one_of(TIMED, OTHER), created=NEAR)
def test_the_bound_says_the_same_as_the_place(job: UUID, before: UUID, created: datetime) -> None:
    there = place_of(before, created)
    assert (place_of(job, NOON) < there) == (job < bound(there))


def test_an_id_tells_its_time() -> None:
    now = datetime.now(UTC)
    moment, _ = place_of(uuid7(), EPOCH)
    assert abs(moment - now) < timedelta(seconds=5)


def test_ids_that_tell_none_stand_where_they_were_created() -> None:
    far_away = of_version_7(datetime(2150, 1, 1, tzinfo=UTC), 1)
    for job_id in (uuid4(), UUID(int=3), far_away):
        assert not carries_time(job_id)
        assert place_of(job_id, NOON) == (NOON, job_id)
