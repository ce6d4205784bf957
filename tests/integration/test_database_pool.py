"""A process has one pool of connections, whoever asks first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from arxos.storage.database import Database

READERS = 16


def test_threads_that_come_first_at_once_share_one_pool(database: str) -> None:
    for attempt in range(10):
        pooled, start = Database(database, size=1, application=f"pool-{attempt}"), Barrier(READERS)

        def pid(pooled: Database = pooled, start: Barrier = start) -> int:
            start.wait()
            with pooled.connection() as connection:
                row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            return int(row[0])

        with ThreadPoolExecutor(READERS) as threads:
            pids = {one.result() for one in [threads.submit(pid) for _ in range(READERS)]}
        pooled.close()
        assert len(pids) == 1


def test_a_closed_pool_opens_again_at_the_next_use(database: str) -> None:
    pooled = Database(database, size=1)
    for _ in range(2):
        with pooled.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        pooled.close()
