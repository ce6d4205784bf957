"""What is the matter with the database, in words for whoever has to repair it. Never a statement or its values."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import errors

from arxos.domain.errors import ArxosError, InvalidError, TransientError, UnavailableError

# SQLSTATE → what it means here: https://www.postgresql.org/docs/current/errcodes-appendix.html
WORDS: Mapping[str, str] = {
    "25006": "the database is read-only: the address leads to a replica, or default_transaction_read_only is on",
    "25P03": "the database ended a transaction that did nothing for too long",
    "25P04": "the database ended a transaction that took too long",
    "53100": "the database's disk is full: make room on it",
    "53200": "the database has not enough memory",
    "53300": "the database has no connection left: raise its max_connections, or find who holds them",
    "57P01": "the database is shutting down, or somebody ended the connection",
    "57P02": "the database crashed and starts anew",
    "57P03": "the database is starting up or shutting down",
}
# Who is refused a connection is told no SQLSTATE by libpq, only the server's sentence → its SQLSTATE.
SENTENCES: Mapping[str, str] = {
    "too many clients already": "53300",
    "too many connections for": "53300",
    "remaining connection slots are reserved": "53300",
    "the database system is": "57P03",  # starting up, shutting down, not yet accepting connections, in recovery mode
}
# What is raised → what it is here, and what goes before the server's own line; the first that fits.
OTHERS: Sequence[tuple[type[psycopg.Error], type[ArxosError], str]] = (
    (errors.SerializationFailure, TransientError, "the database asks to repeat the transaction"),
    (errors.DeadlockDetected, TransientError, "the database asks to repeat the transaction"),
    (errors.LockNotAvailable, UnavailableError, "the database did not do it in time"),
    (errors.QueryCanceled, UnavailableError, "the database did not do it in time"),
    (errors.UndefinedTable, UnavailableError, "the database is not migrated (`arxos migrate`)"),
    (psycopg.DataError, InvalidError, "the database cannot hold a value"),
    (errors.CheckViolation, InvalidError, "the database cannot hold a value"),
    (psycopg.OperationalError, UnavailableError, "the database does not answer"),
)
# Of these a connection does not recover: what it was opened with, or to, has changed.
STALE = frozenset({"25006", "57P01", "57P02", "57P03"})


def translated(error: psycopg.Error) -> ArxosError | None:
    """The error in the words of this system; None where it can only be a mistake of our own."""
    if (code := _code(error)) in WORDS:
        return UnavailableError(WORDS[code])
    for raised, kind, words in OTHERS:
        if isinstance(error, raised):
            return kind(f"{words}: {line(error)}")
    return None


def line(error: Exception) -> str:
    """The first line of a driver's message that says something: never the statement's parameters."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    # Where a name has several addresses, the reasons come below a heading, one a line.
    reasons = [one.removeprefix("- ") for one in lines if one.startswith("- ")]
    return (reasons or lines)[0]


def _code(error: psycopg.Error) -> str:
    said = str(error)
    return error.sqlstate or next((code for sentence, code in SENTENCES.items() if sentence in said), "")
