"""Whatever fails or hangs while the doctor looks is a finding, and stops nothing else."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from arxos.doctor.examination import Line, examine
from arxos.doctor.finding import Check, Part, Remark, Section, Severity, ok, worst
from arxos.domain.errors import UnavailableError

FINE: Check[str] = Check("a.fine", Severity.OK, lambda _: ok("fine"))


def fails(_: str) -> list[Remark]:
    raise KeyError("postgresql://arxos:hunter2@here")


def raising(error: Exception) -> Callable[[], str]:
    def gather() -> str:
        raise error

    return gather


def told(sections: list[Section]) -> list[tuple[str, str]]:
    return [(one.id, one.severity.value) for section in sections for one in section.findings]


@pytest.fixture
def for_ever() -> Iterator[Callable[[], str]]:
    """What does not answer before the test is over."""
    over = threading.Event()

    def gather() -> str:
        over.wait()
        return ""

    yield gather
    over.set()


def test_a_check_that_fails_unforeseen_is_a_finding_without_its_words_and_stops_no_other() -> None:
    sections = examine([Line([Part("A", lambda: "", (Check("a.failing", Severity.OK, fails), FINE))])], 5)
    assert told(sections) == [("doctor.failed", "error"), ("a.fine", "ok")]
    failed = sections[0].findings[0]
    assert (failed.subject, failed.seen.startswith("KeyError at test_doctor_examination.py:")) == ("a.failing", True)


def test_facts_that_cannot_be_had_are_a_finding_and_their_checks_are_skipped() -> None:
    away = raising(UnavailableError("the database did not do it in time"))
    sections = examine([Line([Part("A", away, (FINE,)), Part("B", lambda: "", (FINE,))])], 5)
    assert told(sections) == [("doctor.unanswered", "error"), ("a.fine", "skipped"), ("a.fine", "ok")]
    assert sections[0].findings[0].seen == "the database did not do it in time"


def test_gathering_that_fails_unforeseen_is_a_finding_too() -> None:
    sections = examine([Line([Part("A", raising(ValueError("hunter2")), (FINE,))])], 5)
    assert told(sections) == [("doctor.failed", "error"), ("a.fine", "skipped")]
    assert "hunter2" not in repr(sections)


def test_what_hangs_is_given_up_and_the_other_lines_have_their_say(for_ever: Callable[[], str]) -> None:
    began = time.monotonic()
    hangs = Line([Part("A", lambda: "", (FINE,)), Part("B", for_ever, (FINE,)), Part("C", lambda: "", (FINE,))])
    sections = examine([hangs, Line([Part("D", lambda: "", (FINE,))])], 0.3)
    assert time.monotonic() - began < 5
    assert [section.title for section in sections] == ["A", "B", "C", "D"]
    assert told(sections) == [
        ("a.fine", "ok"),
        ("doctor.unanswered", "error"),
        ("a.fine", "skipped"),
        ("a.fine", "skipped"),
        ("a.fine", "ok"),
    ]


def test_what_cannot_be_looked_at_is_skipped_for_the_reason_given() -> None:
    blocks = Part("A", lambda: "", (FINE,), lambda _: "nobody there")
    sections = examine([Line([blocks, Part("B", lambda: "", (FINE,))]), Line([blocks], "ARXOS_X is wrong")], 5)
    assert told(sections) == [("a.fine", "ok"), ("a.fine", "skipped"), ("a.fine", "skipped")]
    assert [sections[n].findings[0].seen for n in (1, 2)] == ["nobody there", "ARXOS_X is wrong"]


def test_what_was_skipped_is_no_judgement() -> None:
    skipped = FINE.skipped("nobody there")
    assert worst([]) is Severity.OK
    assert worst([skipped, *FINE.findings("")]) is Severity.OK
