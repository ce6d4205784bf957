"""What a driver's errors become: which of the system's own, in which words."""

import psycopg
import pytest
from psycopg import errors

from arxos.domain.errors import InvalidError, TransientError, UnavailableError
from arxos.storage.database_words import WORDS, line, translated

REFUSED = 'connection failed: connection to server at "127.0.0.1", port 1 failed: '


@pytest.mark.parametrize("code", sorted(WORDS))
def test_what_the_server_suffers_from_is_an_outage_in_words_of_its_own(code: str) -> None:
    known = translated(errors.lookup(code)("cannot execute UPDATE: secret"))
    assert type(known) is UnavailableError
    assert str(known) == WORDS[code]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("FATAL:  sorry, too many clients already", "no connection left"),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "no connection left",
        ),
        ('FATAL:  too many connections for database "arxos"', "no connection left"),
        ("FATAL:  the database system is starting up", "starting up or shutting down"),
        ("Connection refused\n\tIs the server running on that host?", "does not answer: connection failed"),
    ],
)
def test_who_is_refused_a_connection_is_told_why(sentence: str, words: str) -> None:
    known = translated(psycopg.OperationalError(REFUSED + sentence))
    assert type(known) is UnavailableError
    assert words in str(known)
    assert "\n" not in str(known)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (errors.SerializationFailure("could not serialize"), TransientError, "asks to repeat"),
        (
            errors.DeadlockDetected("deadlock detected\nDETAIL: Process 1"),
            TransientError,
            "repeat the transaction: dead",
        ),
        (errors.LockNotAvailable("canceling statement due to lock timeout"), UnavailableError, "not do it in time"),
        (errors.QueryCanceled("canceling statement due to statement timeout"), UnavailableError, "not do it in time"),
        (errors.UndefinedTable('relation "jobs" does not exist'), UnavailableError, "not migrated"),
        (errors.CharacterNotInRepertoire("invalid byte"), InvalidError, "cannot hold a value"),
    ],
)
def test_others_keep_the_servers_own_line(error: psycopg.Error, kind: type[Exception], words: str) -> None:
    known = translated(error)
    assert type(known) is kind
    assert words in str(known)
    assert "\n" not in str(known)


def test_what_can_only_be_our_own_mistake_is_not_translated() -> None:
    assert translated(errors.SyntaxError("syntax error")) is None
    assert translated(errors.UniqueViolation("duplicate key")) is None


def test_of_several_addresses_the_first_reason_is_told() -> None:
    several = f"Multiple connection attempts failed. All failures were:\n- {REFUSED}refused\n- {REFUSED}timeout"
    assert line(psycopg.OperationalError(several)) == f"{REFUSED}refused"
