"""A beat that dies within a tick, once at every boundary between two statements; after each death another one ticks.

python -m tests.faults.dying_beat MECHANISM: prints one JSON line a death: how many statements it lived for, and how
many jobs each of the entry's three slots has after the other beat's tick.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import psycopg

from arxos.app.bootstrap import start
from arxos.app.logging import configure_logging
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry, Policy
from arxos.domain.jobs.slots import Rhythm, newest
from arxos.scheduler.ticker import Ticker
from arxos.storage.schedule_acts import ScheduleActs
from arxos.storage.schedules import Schedules
from tests.faults.sabotage import MECHANISMS

DIED, SLOTS = 9, 3
ENTRY = Entry("dying", "probe.effect", Rhythm(every_s=3600), {"key": "dying"}, policy=Policy.ALL)


def main() -> None:
    """Die ever later, until a tick comes to its end alive."""
    MECHANISMS[sys.argv[1]]()
    for statements in count():
        assert in_a_child(owe) == 0
        died = in_a_child(partial(die_before, statements)) == DIED
        assert in_a_child(tick) == 0
        with psycopg.connect(os.environ["ARXOS_DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT count(*) FROM jobs WHERE submitted_by = 'schedule:dying' GROUP BY available_at"
            ).fetchall()
        print(json.dumps({"statements": statements, "died": died, "jobs": [row[0] for row in rows]}), flush=True)  # noqa: T201
        if not died:
            return


def owe() -> None:
    """The entry anew, with three slots that nobody took."""
    database = start().database
    schedules = Schedules(database)
    with database.connection() as connection:
        connection.execute("DELETE FROM jobs")
        connection.execute("DELETE FROM schedules")
        connection.commit()
    ScheduleActs(database, Operator("test")).add(ENTRY)
    _, now = schedules.read()
    slots, _ = newest(ENTRY.rhythm, now - timedelta(days=1), now, SLOTS)
    with database.connection() as connection:
        connection.execute("UPDATE schedules SET done_until = %s", [slots[0] - timedelta(seconds=1)])
        connection.commit()


def tick() -> None:
    """What a beat does."""
    runtime = start()
    configure_logging(runtime.settings)
    Ticker(Schedules(runtime.database), runtime.kinds).tick()


def die_before(statements: int) -> None:
    """Tick; before the statement or commit of this number (from 0), die."""
    left = [statements]
    for name in ("execute", "commit"):
        setattr(psycopg.Connection, name, _mortal(getattr(psycopg.Connection, name), left))
    tick()
    os._exit(DIED if left[0] == 0 else 0)  # the boundary behind the last one


def _mortal(act: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def acted(*arguments: Any, **options: Any) -> Any:
        if left[0] == 0:
            os._exit(DIED)
        left[0] -= 1
        return act(*arguments, **options)

    return acted


def in_a_child(act: Callable[[], object]) -> int:
    """Do it in a process of its own, which therefore may die of it; returns its exit code."""
    if (pid := os.fork()) == 0:
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    main()
