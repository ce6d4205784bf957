"""The soak's own parts: its schedule, how it measures recoveries, its picture."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest

from benchmarks.chaos.beats import slot_problems
from benchmarks.chaos.faults import FAULTS
from benchmarks.chaos.load import Book
from benchmarks.chaos.oracle import guilty
from benchmarks.chaos.picture import draw
from benchmarks.chaos.plan import CALM_S, KINDS, schedule
from benchmarks.chaos.recovery import Injected, Life, recovery
from benchmarks.chaos.report import failures
from tests.builders import new_job


def fault(begin: float, end: float, kind: str = "redis flushed", target: str = "") -> Injected:
    return Injected(kind, target, begin, end)


def life(due: float, finished: float, queue: str = "health") -> Life:
    return Life(queue, due, finished)


def test_the_same_seed_gives_the_same_storm() -> None:
    assert schedule(7, 600) == schedule(7, 600)
    assert schedule(7, 600) != schedule(8, 600)


def test_a_longer_storm_begins_like_a_shorter_one() -> None:
    short = schedule(7, 300)
    assert schedule(7, 600)[: len(short)] == short


def test_every_kind_comes_before_any_comes_twice_more() -> None:
    times = Counter(planned.kind for planned in schedule(3, 1200))
    assert set(times) == set(KINDS)
    assert max(times.values()) - min(times.values()) <= 1


def test_each_planned_kind_can_be_injected() -> None:
    assert set(KINDS) <= set(FAULTS)


def test_a_storm_has_calm_times_in_which_whatever_is_stuck_shows() -> None:
    planned = schedule(5, 600)
    gaps = [after.at - before.at - before.seconds for before, after in pairwise(planned)]
    assert sum(gap >= CALM_S for gap in gaps) >= 3


def test_recovery_counts_from_the_end_of_a_fault() -> None:
    flush = fault(10, 12)
    found = recovery(flush, [flush], [life(9, 15), life(12.5, 13), life(13, 40), life(12.1, 14.5, "maintenance")])
    assert (found.submitted_then, found.open_then, found.moved) == (2.5, 3, False)


def test_what_was_done_before_the_fault_was_over_took_no_time() -> None:
    freeze = fault(10, 30)
    assert recovery(freeze, [freeze], [life(9, 20)]).open_then == 0


def test_what_never_finishes_never_recovers() -> None:
    flush = fault(10, 12)
    assert recovery(flush, [flush], [life(9, inf)]).open_then == inf


def test_a_fault_in_between_starts_the_clock_anew() -> None:
    first, second = fault(10, 10), fault(14, 16)
    found = recovery(first, [first, second], [life(9, 21), life(17, 18)])
    assert (found.open_then, found.moved, found.raw) == (5, True, 11)


def test_a_fault_after_the_recovery_changes_nothing() -> None:
    first, second = fault(10, 10), fault(30, 31)
    assert recovery(first, [first, second], [life(9, 21)]).open_then == 11


@pytest.mark.parametrize(
    ("faults", "who"),
    [
        ([fault(5, 5, "worker killed", "worker-cpu-a 77"), fault(6, 6)], 0),
        ([fault(5, 5, "worker killed", "worker-cpu-a 78"), fault(6, 6)], 1),
        ([fault(5, 9, "workers rolled", "worker-cpu-a 77, worker-cpu-b 78")], 0),
        ([fault(5, 9, "workers rolled", "worker-cpu-a 77, worker-cpu-b 78"), fault(6, 6)], 1),
        ([fault(0, 1)], None),
    ],
)
def test_a_lost_attempt_is_blamed_on_who_hit_its_worker(faults: list[Injected], who: int | None) -> None:
    assert guilty("cpu@host:77:ab", 4.0, 15.0, faults) == who


def test_a_key_that_names_two_jobs_is_an_error() -> None:
    book, key = Book(), "once"
    for job_id in (uuid4(), uuid4()):
        book.accept([new_job(idempotency_key=key)], [job_id])
    assert book.errors


def test_a_submission_in_doubt_counts_once_the_ledger_has_it() -> None:
    book, taken, refused = Book(), new_job(), new_job()
    book.doubt([taken, refused])
    book.resolve({taken.id})
    assert set(book.accepted) == {taken.id}


def a_report(**changes: Any) -> dict[str, Any]:
    rows = [
        {"kind": "a & b", "target": "<x>", "begin": 5, "end": 9, "submitted_then_s": 1.0, "open_then_s": 4.0},
        {"kind": "other", "target": "", "begin": 20, "end": 20, "submitted_then_s": 1.0, "open_then_s": None},
    ]
    return {
        "seed": 1,
        "minutes": 1,
        "accepted": 3,
        "finished": 2,
        "lost": 1,
        "duplicated": 0,
        "faults": rows,
        "kinds": [{"kind": row["kind"]} for row in rows],
        "series": {"every_s": 1.0, "accepted": [1.0] * 60, "finished": [0.5] * 60},
        "findings": [],
    } | changes


def test_a_fault_from_which_nobody_recovers_fails_the_storm() -> None:
    assert failures(a_report()) == ["other at 20 s: recovered after ever s"]


def test_the_picture_has_a_lane_for_each_kind() -> None:
    root = ET.fromstring(draw(a_report()))
    words = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a & b", "other"} <= words


def test_a_storm_without_faults_can_be_drawn() -> None:
    empty = {"every_s": 1.0, "accepted": [], "finished": []}
    assert ET.fromstring(draw(a_report(faults=[], kinds=[], series=empty))) is not None


@pytest.mark.parametrize(
    ("seconds", "problems"),
    [
        ([0, 7, 14, 21], 0),
        ([0, 7, 21], 1),
        ([0, 7, 7, 14, 21], 1),
        ([0, 7], 1),
        ([], 1),
    ],
)
def test_a_slot_without_a_job_or_with_two_is_a_finding(seconds: list[int], problems: int) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    slots = [began + timedelta(seconds=second) for second in seconds]
    assert len(slot_problems("chaos-seldom", slots, began + timedelta(seconds=24))) == problems
