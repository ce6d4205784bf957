"""How due jobs are packed into messages."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.jobs.envelopes import pack
from arxos.domain.jobs.turns import Candidate

KINDS = {"probe.noop": 200, "probe.effect": 50, "building.validate": 1}


def due(*kinds: str) -> list[Candidate]:
    return [Candidate(UUID(int=n), kind, KINDS[kind], None, "ada", float(n)) for n, kind in enumerate(kinds, 1)]


mixed = st.lists(st.sampled_from(sorted(KINDS)), max_size=60).map(lambda kinds: due(*kinds))
rooms = st.integers(0, 12)


@given(mixed, rooms)
def test_there_are_never_more_messages_than_room(jobs: list[Candidate], room: int) -> None:
    assert len(list(pack("q", jobs, room))) <= room


@given(mixed, rooms)
def test_no_job_travels_twice_and_none_is_invented(jobs: list[Candidate], room: int) -> None:
    packed = Counter(job_id for envelope in pack("q", jobs, room) for job_id in envelope.jobs)
    assert set(packed.values()) <= {1}
    assert set(packed) <= {job.id for job in jobs}


@given(mixed)
def test_with_room_for_each_none_is_left(jobs: list[Candidate]) -> None:
    packed = [job_id for envelope in pack("q", jobs, len(jobs)) for job_id in envelope.jobs]
    assert sorted(packed) == [job.id for job in jobs]


@given(mixed, rooms)
def test_a_message_holds_jobs_of_one_kind_within_its_limit(jobs: list[Candidate], room: int) -> None:
    kinds = {job.id: job.kind for job in jobs}
    for envelope in pack("q", jobs, room):
        assert {kinds[job_id] for job_id in envelope.jobs} == {envelope.kind}
        assert 1 <= len(envelope.jobs) <= KINDS[envelope.kind]
        assert envelope.queue == "q"


@given(mixed, rooms)
def test_order_is_kept_within_a_kind_and_by_the_first_of_each_message(jobs: list[Candidate], room: int) -> None:
    envelopes = list(pack("q", jobs, room))
    firsts = [envelope.jobs[0] for envelope in envelopes]
    assert firsts == sorted(firsts)
    for kind in KINDS:
        ids = [job_id for envelope in envelopes if envelope.kind == kind for job_id in envelope.jobs]
        assert ids == sorted(ids)


@given(mixed, st.integers(1, 12))
def test_the_next_job_is_in_the_first_message(jobs: list[Candidate], room: int) -> None:
    for envelope in list(pack("q", jobs, room))[:1]:
        assert envelope.jobs[0] == jobs[0].id


def test_light_jobs_fill_messages_evenly() -> None:
    sizes = [len(envelope.jobs) for envelope in pack("q", due(*["probe.noop"] * 80), 8)]
    assert sizes == [10] * 8


def test_few_jobs_travel_alone_and_so_in_parallel() -> None:
    assert [len(envelope.jobs) for envelope in pack("q", due(*["probe.noop"] * 3), 8)] == [1, 1, 1]


def test_many_jobs_fill_messages_to_their_limit() -> None:
    assert [len(envelope.jobs) for envelope in pack("q", due(*["probe.effect"] * 500), 4)] == [50] * 4


def test_who_must_travel_alone_does_so_among_its_kind() -> None:
    suspect = Candidate(UUID(int=999), "probe.noop", 1, None, "ada", 0.0)
    envelopes = list(pack("q", [suspect, *due(*["probe.noop"] * 20)], 3))
    assert envelopes[0].jobs == (suspect.id,)
    assert [len(envelope.jobs) for envelope in envelopes[1:]] == [10, 10]


def test_a_message_carries_the_trace_of_its_first_job() -> None:
    [envelope] = pack("q", [Candidate(UUID(int=1), "building.validate", 1, "00-ab", "ada", 0.0)], 1)
    assert envelope.trace == "00-ab"
