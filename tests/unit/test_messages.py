"""Reading the ids out of waiting messages, whatever somebody wrote there."""

import base64
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.storage.broker_messages import jobs_in

ONE, OTHER = UUID(int=0xA1), UUID(int=0xB2)  # the same in every process: they are part of tests' names


def message(body: object) -> bytes:
    return json.dumps({"body": base64.b64encode(json.dumps(body).encode()).decode(), "headers": {}}).encode()


def test_a_message_names_its_jobs() -> None:
    assert jobs_in(message([[[str(ONE), str(OTHER)]], {}, {"callbacks": None}])) == {ONE, OTHER}


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b"{}",
        b'{"body": 7}',
        b'{"body": "%%%"}',
        b'{"body": "\xc3\xa4"}',
        b"[" * 100_000,
        message("no ids"),
        message([[[str(ONE)[:-1]]]]),
    ],
)
def test_garbage_names_none(garbage: bytes) -> None:
    assert jobs_in(garbage) == set()


@given(st.binary())
def test_no_message_is_too_strange(garbage: bytes) -> None:
    assert all(isinstance(job, UUID) for job in jobs_in(garbage))
