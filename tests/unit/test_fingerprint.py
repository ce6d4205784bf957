"""Fingerprints of errors: what is alike, what is not, and where an error came from."""

import time
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.errors import ArxosError, NotFoundError
from arxos.domain.jobs.fingerprint import DIGITS, fingerprint, normalised, place_of
from arxos.domain.jobs.outcome import MESSAGE_LIMIT
from arxos.domain.jobs.slots import Rhythm, check_rhythm
from tests.builders import raised

VALUES = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 2**64).map(lambda n: f"0x{n:x}"),
    st.binary(min_size=8, max_size=32).map(bytes.hex),
)
GLOBAL_IDS = st.from_regex(r"[0-3][0-9A-Za-z_$]{20}[A-Za-z_$]", fullmatch=True)
TEXTS = st.text(st.characters(exclude_characters="'\"`", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("no building 'b-17'", "no building <text>"),
        ('no building "b-17"', "no building <text>"),
        ("cut off in 'the middle of… (9000 characters)", "cut off in <text>"),
        ("the owner's model and the tenants' floors", "the owner's model and the tenants' floors"),
        ("line 12, column 3: expected ';'", "line <n>, column <n>: expected <text>"),
        ("cannot read /srv/models/a.ifc: [Errno 2]", "cannot read <path>: [Errno <n>]"),
        ("cannot read C:\\models\\a.ifc", "cannot read <path>"),
        ("GET https://u:p@example.org:8443/x?y=1 failed", "GET <url> failed"),
        ("10.0.0.17:5432 does not answer", "<n>:<n> does not answer"),
        ("<Wall object at 0x7f3a9c2e1d00>", "<Wall object at <n>>"),
        ("at 2026-11-25T01:02:03.5+00:00, again at 01:02:04", "at <time>, again at <time>"),
        ("blob e3b0c44298fc1c149afbf4c8996fb924 is gone", "blob <n> is gone"),
        ("2O2Fr$t4X7Zf8NOew3FLOH has no height", "<n> has no height"),
        ("took 12.5s, limit -3, factor 1e-5", "took <n>s, limit <n>, factor <n>"),
        ("missing: 1, 2, 3 and 4", "missing: <n>"),
        ("two\n\t lines", "two lines"),
        ("schema IFC2X3 is not IFC4", "schema IFC2X3 is not IFC4"),
        ("read and/or write", "read and/or write"),
        ("", ""),
    ],
)
def test_what_differs_from_job_to_job_is_left_out(message: str, words: str) -> None:
    assert normalised(message) == words


@given(VALUES, VALUES)
def test_messages_that_differ_by_numbers_are_alike(one: object, other: object) -> None:
    told = [fingerprint("E", "m:f", f"floor {n} has {n} walls; #{n}=IFCWALL({n})") for n in (one, other)]
    assert told[0] == told[1]


@given(st.uuids(), st.uuids())
def test_messages_that_differ_by_ids_are_alike(one: UUID, other: UUID) -> None:
    assert normalised(f"model {one} of job {one}") == normalised(f"model {other} of job {other}")


@given(GLOBAL_IDS, GLOBAL_IDS)
def test_messages_that_differ_by_global_ids_are_alike(one: str, other: str) -> None:
    assert normalised(f"wall {one}: open") == normalised(f"wall {other}: open")


@given(TEXTS, TEXTS)
def test_messages_that_differ_by_what_they_quote_are_alike(one: str, other: str) -> None:
    assert normalised(f"no zone '{one}' here") == normalised(f"no zone '{other}' here")


@given(st.lists(VALUES, min_size=1, max_size=9), st.lists(VALUES, min_size=1, max_size=9))
def test_lists_of_any_length_are_alike(one: list[object], other: list[object]) -> None:
    told = [normalised(f"missing: {', '.join(map(str, numbers))}.") for numbers in (one, other)]
    assert told[0] == told[1]


@given(st.text())
def test_what_is_normalised_stays_as_it_is_told(message: str) -> None:
    assert fingerprint("E", None, message) == fingerprint("E", None, message)
    assert len(fingerprint("E", None, message)) == DIGITS


def test_type_place_and_wording_tell_errors_apart() -> None:
    errors = [("E", "m:f", "no model"), ("F", "m:f", "no model"), ("E", "m:g", "no model"), ("E", "m:f", "no floor")]
    assert len({fingerprint(*one) for one in errors}) == len(errors)


@pytest.mark.parametrize(
    "part", ["'", "a", "a:", "/", "1", "1.", "'a", "1,", "-", " ", "<n>", "<n> and", "f-", "1e", "12345678-", "`a'\""]
)
def test_no_message_takes_long(part: str) -> None:
    began = time.process_time()
    normalised((part * MESSAGE_LIMIT)[:MESSAGE_LIMIT])
    assert time.process_time() - began < 0.5  # a few milliseconds; a quadratic rule would take seconds


def test_an_error_that_no_text_can_hold_has_a_fingerprint() -> None:
    assert fingerprint("half \ud800 a pair", "\udfff", "\x00\ud800") == fingerprint(
        "half \ud800 a pair", "\udfff", "\x00\ud800"
    )


def test_the_place_is_the_innermost_function_of_ours() -> None:
    assert place_of(refusal(lambda: check_rhythm(Rhythm()))) == "arxos.domain.jobs.slots:check_rhythm"


def test_where_none_is_ours_the_place_is_the_innermost_of_all() -> None:
    assert place_of(raised(NotFoundError("no model"))) == "tests.builders:throw"


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert place_of(NotFoundError("no model")) is None


def refusal(act: Callable[[], object]) -> ArxosError:
    """What a call is refused with."""
    with pytest.raises(ArxosError) as refused:
        act()
    return refused.value
