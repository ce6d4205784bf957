"""What one step of the relay costs: as the backlog grows, as submitters do, as what is held does."""

import statistics
import time
from typing import Any

from arxos.app.bootstrap import start
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.operator import Operator
from arxos.storage.limit_acts import Limits
from arxos.storage.outbox import Outbox
from benchmarks.desk._ground import empty, sql

SIZES = (1_000, 10_000, 100_000)
QUEUE, ROOM = "maintenance", 8
FILL = """
INSERT INTO jobs (id, kind, queue, state, max_attempts, policy, submitted_by, available_at, held)
SELECT gen_random_uuid(), 'probe.sleep', %s, 'queued', 8, '{}', 's' || n %% %s, clock_timestamp() - interval '1s', %s
FROM generate_series(1, %s) n
"""


def measure() -> dict[str, Any]:
    """Milliseconds, medians of 15 steps that publish 8 jobs of 1 submitter, of 100, and beside so many held ones."""
    return {
        name: {size: _step_ms(size, submitters, held) for size in SIZES}
        for name, submitters, held in (("1 submitter", 1, ""), ("100 submitters", 100, ""), ("held", 1, "kind:x"))
    }


def _step_ms(size: int, submitters: int, held: str) -> float:
    empty()
    runtime = start()
    sql(FILL, QUEUE, submitters, held, size)
    if held:
        Limits(runtime.database).set(Scope.KIND, "x", Allowance(running=0), Operator("bench"))
        sql(FILL, QUEUE, submitters, "", 1000)
    sql("VACUUM ANALYZE jobs")
    outbox, times = Outbox(runtime.database), []
    for _ in range(15):
        began = time.perf_counter()
        lanes = outbox.lanes([QUEUE])
        taken = outbox.take(QUEUE, ROOM, lanes[QUEUE])
        times.append((time.perf_counter() - began) * 1000)
        if len(taken) != ROOM:
            raise AssertionError(f"{len(taken)} messages of {ROOM}")
    runtime.database.close()
    return statistics.median(times)


def lines(figures: dict[str, Any]) -> list[str]:
    """By size of the backlog."""
    return ["one step of the relay, 8 messages, ms:"] + [
        f"  {name:16}" + "".join(f"{size:>10,} due: {ms:5.1f}" for size, ms in by_size.items())
        for name, by_size in figures.items()
    ]


def failures(figures: dict[str, Any]) -> list[str]:
    """A hundred times the backlog may not cost ten times as much."""
    return [
        f"{name}: a step costs {by_size[SIZES[-1]] / by_size[SIZES[0]]:.0f} times as much with 100 times the backlog"
        for name, by_size in figures.items()
        if by_size[SIZES[-1]] > 10 * by_size[SIZES[0]]
    ]
