"""Opening what lies in a queue: what is the relay's is made anew, the rest is refused with a reason and no content."""

import base64
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.workers.admission import LARGEST_BYTES, LONGEST_SHAPE, UNKNOWN_KIND, RefusedError, admit, shape, shown

ONE, OTHER = UUID(int=0xA1), UUID(int=0xB2)
KINDS = frozenset({"probe.noop"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["headers", "body", "id", "task"]) | st.text(), inner)
    ),
    max_leaves=20,
)


def message(*ids: UUID, body: Any = None, **headers: Any) -> dict[str, Any]:
    arguments = [[[str(job_id) for job_id in ids]], {}, {"callbacks": None}] if body is None else body
    return {
        "body": base64.b64encode(json.dumps(arguments).encode()).decode(),
        "content-type": "application/json",
        "headers": {"task": "probe.noop", "id": str(ONE), **headers},
        "properties": {"delivery_tag": "theirs"},
    }


def opened(envelope: Any) -> tuple[str, list[UUID], dict[str, Any]]:
    return admit(json.dumps(envelope).encode(), "cache", KINDS)


def refusal(envelope: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        opened(envelope)
    return refused.value


def test_a_message_of_the_relays_is_made_anew() -> None:
    kind, jobs, envelope = opened(message(ONE, OTHER, traceparent="00-ab-cd-01"))
    assert (kind, jobs) == ("probe.noop", [ONE, OTHER])
    assert json.loads(base64.b64decode(envelope["body"]))[:2] == [[[str(ONE), str(OTHER)]], {}]
    assert (envelope["headers"]["task"], envelope["headers"]["traceparent"]) == ("probe.noop", "00-ab-cd-01")
    assert envelope["properties"]["delivery_info"] == {"exchange": "", "routing_key": "cache"}


def test_each_delivery_has_an_id_and_a_tag_of_its_own() -> None:
    copies = [opened(message(ONE))[2] for _ in range(3)]
    assert len({copy["headers"]["id"] for copy in copies} | {str(ONE)}) == 4
    assert len({copy["properties"]["delivery_tag"] for copy in copies} | {"theirs"}) == 4


@pytest.mark.parametrize(
    "header",
    [
        {"eta": "2030-01-01T00:00:00+00:00"},
        {"expires": "2000-01-01T00:00:00+00:00"},
        {"timelimit": [1, 1]},
        {"retries": 7},
        {"compression": "application/x-gzip"},
        {"shadow": "probe.crash"},
        {"group": "g"},
        {"stamps": {"a": 1}},
        {"traceparent": "a\nb"},
        {"from a newer relay": 1},
    ],
)
def test_whatever_else_a_header_says_is_not_passed_on(header: dict[str, Any]) -> None:
    plain, odd = opened(message(ONE))[2], opened(message(ONE, **header))[2]
    for envelope in (plain, odd):
        for name in ("id", "root_id"):
            del envelope["headers"][name]
    assert odd["headers"] == plain["headers"]


def test_an_unknown_kind_goes_to_the_task_for_these_and_comes_back_as_itself() -> None:
    kind, _, envelope = opened(message(ONE, task="probe.newer"))
    assert (kind, envelope["headers"]["task"], envelope["headers"]["shadow"]) == ("probe.newer", UNKNOWN_KIND, kind)
    again, jobs, redelivered = opened(envelope)
    assert (again, jobs, redelivered["headers"]["task"]) == ("probe.newer", [ONE], UNKNOWN_KIND)
    assert admit(json.dumps(envelope).encode(), "cache", {"probe.newer"})[2]["headers"]["task"] == "probe.newer"


def test_a_refusal_names_where_it_came_from() -> None:
    refused = refusal(message(ONE, body=[[["secret"]], {}, {}], id=str(OTHER)))
    assert (str(refused), refused.task) == ("its arguments are no list of job ids", "probe.noop")
    assert refused.message_id == str(OTHER)
    assert refused.shape == (
        "{body: list of 3, first list of 1, first list of 1, content-type: text of 16,"
        " headers: {task: text of 10, id: text of 36}, properties: {1 more}}"
    )


@pytest.mark.parametrize("odd", ["sec ret", "<secret>", "s" * 300, "\ud800", 7, None, ["secret"], {"a": 1}])
def test_names_that_are_none_are_not_kept(odd: Any) -> None:
    refused = refusal(message(ONE, task=odd, id=odd))
    assert (refused.task, refused.message_id) == (None, None)


def test_a_shape_tells_no_content() -> None:
    told = shape({"headers": {"task": "secret", "secret": "secret"}, "secret": [1, True, None], "body": ["secret", 2]})
    assert told == "{headers: {task: text of 6, 1 more}, body: list of 2, first text of 6, 1 more}"


def test_how_flower_shows_a_message() -> None:
    assert shown([ONE]) == str(ONE)
    assert shown([ONE, OTHER]) == "2 jobs"


@given(st.binary())
def test_no_bytes_are_too_strange(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        admit(raw, "cache", KINDS)


@given(JSON, JSON, JSON, JSON)
def test_no_envelope_is_too_strange(body: Any, headers: Any, properties: Any, arguments: Any) -> None:
    fields = {"headers": headers, "properties": properties, "content-type": "application/json"}
    for envelope in (
        {**fields, "body": body},
        message(body=[arguments]),
        {**message(ONE), "headers": headers},
        body,
    ):
        refused = refusal(envelope)
        assert len(refused.shape or "") <= LONGEST_SHAPE


def test_what_is_too_large_is_not_even_parsed() -> None:
    with pytest.raises(RefusedError, match=f"larger than {LARGEST_BYTES} bytes"):
        admit(b"[" * (LARGEST_BYTES + 1), "cache", KINDS)
