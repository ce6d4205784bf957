"""Whose turn it is."""

from collections import Counter
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.jobs.turns import Candidate, Share, in_turn


def waiting(*submitters: str) -> list[Candidate]:
    return [Candidate(UUID(int=n), "probe.noop", 1, None, name, float(n)) for n, name in enumerate(submitters, 1)]


def names(jobs: list[Candidate]) -> list[str]:
    return [job.submitter for job in jobs]


crowds = st.lists(st.sampled_from(["ada", "bob", "eve"]), max_size=60).map(lambda crowd: waiting(*crowd))
loads = st.dictionaries(st.sampled_from(["ada", "bob", "eve"]), st.integers(0, 30).map(lambda n: Share(load=n)))


def test_a_flood_goes_in_turns_with_a_single_job() -> None:
    assert names(in_turn(waiting("ada", "ada", "ada", "bob"), {})) == ["ada", "bob", "ada", "ada"]


def test_who_has_much_in_flight_waits_for_who_has_nothing() -> None:
    jobs = waiting("ada", "ada", "bob", "bob", "bob", "bob")
    assert names(in_turn(jobs, {"ada": Share(load=3)})) == ["bob", "bob", "bob", "ada", "bob", "ada"]


def test_a_weight_gives_a_larger_part() -> None:
    jobs = waiting(*["ada", "bob"] * 12)
    first = names(in_turn(jobs, {"bob": Share(weight=3)}))[:12]
    assert Counter(first) == {"bob": 9, "ada": 3}


@given(crowds, loads)
def test_nobody_is_left_out_or_doubled(jobs: list[Candidate], shares: dict[str, Share]) -> None:
    assert sorted(job.id for job in in_turn(jobs, shares)) == [job.id for job in jobs]


@given(crowds, loads)
def test_a_submitters_own_jobs_keep_their_order(jobs: list[Candidate], shares: dict[str, Share]) -> None:
    for submitter in ("ada", "bob", "eve"):
        theirs = [job.turn for job in in_turn(jobs, shares) if job.submitter == submitter]
        assert theirs == sorted(theirs)


@given(crowds, loads)
def test_what_is_in_flight_evens_out(jobs: list[Candidate], shares: dict[str, Share]) -> None:
    flying = Counter({name: share.load for name, share in shares.items()})
    left = Counter(names(jobs))
    for job in in_turn(jobs, shares):
        assert flying[job.submitter] == min(flying[name] for name in left if left[name])
        flying[job.submitter] += 1
        left[job.submitter] -= 1


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30, unique=True))
def test_alone_the_earlier_turn_goes_first(turns: list[float]) -> None:
    jobs = [Candidate(UUID(int=n), "probe.noop", 1, None, "ada", turn) for n, turn in enumerate(turns)]
    assert all(before.turn < after.turn for before, after in pairwise(in_turn(jobs, {})))
