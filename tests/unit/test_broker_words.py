"""What is said of a broker's errors: the cause that a person can do something about, whatever it is wrapped in."""

import ssl
from itertools import pairwise

import pytest
import redis
from kombu.exceptions import OperationalError

from arxos.workers.broker_words import refuses_credentials, words_for


def raised(*errors: BaseException) -> BaseException:
    """The first error, caused by the second, and so on."""
    for outer, inner in pairwise(errors):
        outer.__cause__ = inner
    return errors[0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (redis.OutOfMemoryError("OOM command not allowed"), "the broker is full (OOM)"),
        (redis.ReadOnlyError("READONLY You can't write"), "read-only replica"),
        (redis.TimeoutError("Timeout reading"), "does not answer in time"),
        (redis.ConnectionError("Connection refused"), "cannot be reached: Connection refused"),
        (redis.ResponseError("NOPERM User relay has no permissions"), "does not permit this user"),
    ],
)
def test_what_redis_says_is_found_below_what_kombu_makes_of_it(error: BaseException, words: str) -> None:
    assert words in words_for(error)
    assert words in words_for(raised(OperationalError("wrapped"), error))


def test_what_a_library_handled_on_the_way_is_no_cause() -> None:
    expired = raised(ssl.SSLCertVerificationError(1, "certificate has expired"), IndexError("pop from empty list"))
    said = words_for(raised(OperationalError("wrapped"), redis.ConnectionError("Error 1 connecting"), expired))
    assert "certificate has expired" in said
    assert "pop" not in said


def test_only_a_refused_name_or_password_is_beyond_waiting() -> None:
    refused = redis.AuthenticationError("invalid username-password pair")
    refused.status_code = "WRONGPASS"  # as the client sets it
    assert refuses_credentials(raised(OperationalError("wrapped"), refused))
    assert not refuses_credentials(redis.ConnectionError("Connection refused"))
