"""Connections to PostgreSQL: one pool a process, opened at first use, so never carried across a fork."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from arxos.domain.errors import InvalidError, TransientError, UnavailableError

Connection = psycopg.Connection[TupleRow]

SESSION = "-c statement_timeout=60s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
MAX_LIFETIME_S = 600.0  # shorter than the idle limit of any NAT on the way
RETRIED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class Database:
    """One database and this process's pool of connections to it."""

    def __init__(self, url: str, *, size: int = 8, wait_s: float = 10.0, application: str = "arxos") -> None:
        self.url = url
        self._size = size
        self._wait_s = wait_s
        self._application = application
        self._pool: ConnectionPool[Connection] | None = None
        self._pid = 0

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection with an open transaction, rolled back unless committed.

        Raises TransientError, and InvalidError for a value that no column can hold, such as text with NUL.
        """
        try:
            with self._here().connection() as connection:
                yield connection
                connection.rollback()
        except RETRIED as error:
            raise TransientError(f"the database asks to repeat the transaction: {_line(error)}") from error
        except (psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout, PoolTimeout) as error:
            raise UnavailableError(f"the database does not answer: {_line(error)}") from error
        except psycopg.DataError as error:
            raise InvalidError(f"the database cannot hold a value: {_line(error)}") from error
        except psycopg.errors.UndefinedTable as error:
            raise UnavailableError(f"the database is not migrated (`arxos migrate`): {_line(error)}") from error

    @contextmanager
    def listener(self, channel: str) -> Iterator[Connection]:
        """A connection of its own that listens on `channel`. Raises UnavailableError."""
        try:
            with psycopg.connect(self.url, autocommit=True, **self._options()) as connection:
                connection.execute(f"LISTEN {channel}")
                yield connection
        except psycopg.OperationalError as error:
            raise UnavailableError(f"the database does not answer: {_line(error)}") from error

    def close(self) -> None:
        """Close this process's pool; the next use opens it again."""
        if self._pool is not None and self._pid == os.getpid():
            self._pool.close()
        self._pool = None

    def _here(self) -> ConnectionPool[Connection]:
        if self._pool is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._pool = ConnectionPool(
                self.url,
                kwargs=self._options(),
                min_size=1,
                max_size=self._size,
                timeout=self._wait_s,
                max_lifetime=MAX_LIFETIME_S,
                open=True,
            )
        return self._pool

    def _options(self) -> dict[str, Any]:
        return {
            "application_name": self._application,
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            "options": SESSION,
        }


def _line(error: Exception) -> str:
    """The first line of a driver's message: never the statement's parameters."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
