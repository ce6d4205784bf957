"""Connections to PostgreSQL: one pool a process, opened at first use, so never carried across a fork."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from arxos.domain.errors import InvalidError, UnavailableError
from arxos.storage.database_words import STALE, translated
from arxos.storage.notices import Notices
from arxos.storage.value_loaders import LOADERS

Connection = psycopg.Connection[TupleRow]

MAX_LIFETIME_S = 600.0  # shorter than the idle limit of any NAT on the way
ANSWER_S = 60.0
# A worker that vanishes between two statements, and its line with it, holds its jobs' rows until the server gives up:
# no longer than a lease, or nobody could take them back in time. No transaction of ours computes.
IDLE_S = 10.0
WAIT_S = 5.0
UNACKNOWLEDGED_S = 30.0  # after which the kernel gives a silent connection up
CONNECT_S = 5.0
POOL_SIZE = 8  # connections of a process at most


class Database:
    """One database and this process's pool of connections to it.

    `wait_s`: how long one waits for a connection; `answer_s`: how long a statement may take.
    """

    def __init__(
        self,
        url: str,
        *,
        size: int = POOL_SIZE,
        wait_s: float = WAIT_S,
        answer_s: float = ANSWER_S,
        application: str = "arxos",
    ) -> None:
        self.url = url
        self._size = size
        self._wait_s = wait_s
        self._answer_s = answer_s
        self._application = application
        self._pools: dict[int, ConnectionPool[Connection]] = {}  # by process: one that was forked makes its own

    def hasty(self, within_s: float) -> "Database":
        """The same database on connections of their own, where nothing takes longer: for duties that must not hang."""
        return Database(self.url, size=self._size, wait_s=within_s, answer_s=within_s, application=self._application)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection with an open transaction, rolled back unless committed.

        Raises TransientError, and InvalidError for a value that no column can hold, such as text with NUL.
        """
        try:
            pool = self._here()
            # No `check` before each use: whoever gets a dead connection tries again (`patiently`), and idle ones are
            # watched by the kernel (keepalives). It would cost each transaction a round trip: 27 us even on loopback.
            with pool.connection() as connection, _mates_dropped(pool, connection):
                yield connection
                connection.rollback()
        except PoolTimeout as error:
            raise UnavailableError(self._why_none()) from error
        except psycopg.Error as error:
            if (known := translated(error)) is None:
                raise
            raise known from error
        except UnicodeEncodeError as error:
            raise InvalidError("the database cannot hold a value: a text has half of a surrogate pair") from error

    @contextmanager
    def listener(self, channel: str) -> Iterator[Connection]:
        """A connection of its own that listens on `channel`. Raises UnavailableError."""
        try:
            with psycopg.connect(self.url, autocommit=True, **self._options()) as connection:
                connection.execute(f"LISTEN {channel}")
                yield connection
        except psycopg.OperationalError as error:
            raise translated(error) or error from error

    @asynccontextmanager
    async def notices(self, channel: str) -> AsyncIterator[Notices]:
        """The same for an event loop. Raises UnavailableError, also where the connection is lost later."""
        try:
            connection = await psycopg.AsyncConnection.connect(self.url, autocommit=True, **self._options())
            async with connection:
                await connection.execute(f"LISTEN {channel}")
                yield Notices(connection, self._answer_s)
        except psycopg.OperationalError as error:
            raise translated(error) or error from error

    def stats(self) -> dict[str, int]:
        """The pool of this process in numbers; empty while there is none."""
        if (pool := self._pools.get(os.getpid())) is None:
            return {}
        wanted = ("pool_size", "pool_available", "pool_max", "requests_waiting", "requests_num", "connections_lost")
        found = pool.get_stats()
        return {name: found.get(name, 0) for name in wanted}

    def close(self) -> None:
        """Close this process's pool; the next use opens it again."""
        if (pool := self._pools.pop(os.getpid(), None)) is not None:
            pool.close()

    def _here(self) -> ConnectionPool[Connection]:
        """Threads that come first at once get the same: of the pools that they make, all but one are never opened."""
        here = os.getpid()
        if (pool := self._pools.get(here)) is None:
            for parent in [pid for pid in self._pools if pid != here]:
                self._pools.pop(parent, None)  # or its connections would outlive it, in our hands
            pool = self._pools.setdefault(here, self._unopened())
        if pool.closed:
            pool.open()
        return pool

    def _unopened(self) -> ConnectionPool[Connection]:
        return ConnectionPool(
            self.url,
            kwargs=self._options(),
            min_size=1,
            max_size=self._size,
            timeout=self._wait_s,
            max_lifetime=MAX_LIFETIME_S,
            # A pool doubles the time between its tries, up to minutes, unless it gives up and begins anew.
            reconnect_timeout=self._wait_s,
            open=False,
        )

    def _options(self) -> dict[str, Any]:
        limits = {
            "statement_timeout": self._answer_s,
            "idle_in_transaction_session_timeout": min(IDLE_S, self._answer_s),
        }
        return {
            "context": LOADERS,
            "application_name": self._application,
            "connect_timeout": max(2, round(min(CONNECT_S, self._answer_s))),  # libpq takes 1 for 2
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": round(min(UNACKNOWLEDGED_S, self._answer_s) * 1000),
            "options": " ".join(
                [*(f"-c {name}={round(s * 1000)}" for name, s in limits.items()), "-c timezone=UTC -c datestyle=ISO"]
            ),
        }

    def _why_none(self) -> str:
        """Why the pool had none to give, which its own error does not say: none can be made, or all are in use."""
        try:
            psycopg.connect(self.url, **self._options() | {"connect_timeout": 2}).close()
        except psycopg.OperationalError as error:
            return str(translated(error))
        return f"all {self._size} connections of this process to the database are in use"


@contextmanager
def _mates_dropped(pool: ConnectionPool[Connection], connection: Connection) -> Iterator[None]:
    """Where the connection turns out to be dead or useless, so probably are those that wait beside it."""
    try:
        yield
    except psycopg.Error as error:
        if connection.broken or error.sqlstate in STALE:
            pool.drain()
        raise
