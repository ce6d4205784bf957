"""Limits with three relays at work: the most that ever ran at once, the most that ever started within a time."""

from typing import Any

from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.operator import Operator
from arxos.storage.limit_acts import Limits
from benchmarks._processes import wait_until
from benchmarks.desk._ground import empty, sql, submit, system

RUNNING, RATE, BURST = 3, 40.0, 5
JOBS = 400
SPANS = "SELECT extract(epoch FROM a.started_at)::float, extract(epoch FROM a.finished_at)::float FROM attempts a"
OF_KIND = f"{SPANS} JOIN jobs ON id = job_id WHERE kind = %s ORDER BY 1"
OF_SUBMITTER = f"{SPANS} JOIN jobs ON id = job_id WHERE submitted_by = %s"
LEFT = "SELECT count(*) FROM jobs WHERE state <> 'succeeded'"


def measure() -> dict[str, Any]:
    """At most 3 sleepers at once for each of 4 keys and 6 in all; 40 no-ops a second, 5 in one moment."""
    empty()
    with system(relays=3, workers=2, concurrency=8) as runtime:
        limits = Limits(runtime.database)
        limits.set(
            Scope.KIND, "probe.sleep", Allowance(running=6, per="submitter", per_running=RUNNING), Operator("bench")
        )
        limits.set(Scope.KIND, "probe.noop", Allowance(rate=RATE, burst=BURST), Operator("bench"))
        for number in range(4):
            submit(runtime, JOBS // 4, "probe.sleep", f"s{number}", seconds=0.03)
        submit(runtime, JOBS, "probe.noop", "bench")
        wait_until(lambda: sql(LEFT) == [(0,)], 300)
    sleepers, noops = sql(OF_KIND, "probe.sleep"), sql(OF_KIND, "probe.noop")
    by_key = [
        _most_at_once(
            sql(f"{SPANS} JOIN jobs ON id = job_id WHERE submitted_by = %s AND kind = 'probe.sleep'", f"s{n}")
        )
        for n in range(4)
    ]
    starts = [row[0] for row in noops]
    return {
        "at once": _most_at_once(sleepers),
        "at once for a key": max(by_key),
        "starts/s": (len(starts) - 1) / (starts[-1] - starts[0]),
        "most above the rate": max(
            (last - first + 1) - (BURST + RATE * (starts[last] - starts[first]))
            for first in range(len(starts))
            for last in range(first, len(starts))
        ),
        "sleepers/s": len(sleepers) / (max(row[1] for row in sleepers) - sleepers[0][0]),
    }


def _most_at_once(spans: list[Any]) -> int:
    """The most spans that ever overlapped; one that ends as another begins does not overlap it."""
    events = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = now = 0
    for _, change in events:
        now += change
        most = max(most, now)
    return most


def lines(figures: dict[str, Any]) -> list[str]:
    """What was allowed beside what was."""
    at_once = f"{figures['at once']} of 6 allowed, for a key {figures['at once for a key']} of {RUNNING}"
    nearest = f"{figures['most above the rate']:+.2f} jobs at its nearest to burst + rate x time"
    return [
        "limits with 3 relays, 16 slots in 2 workers:",
        f"  at once: {at_once}; {figures['sleepers/s']:.0f} jobs of 30 ms a second, 200 would fit",
        f"  rate: {figures['starts/s']:.1f} starts/s of {RATE:g} allowed, {nearest}",
    ]


def failures(figures: dict[str, Any]) -> list[str]:
    """None may ever be exceeded."""
    exceeded = figures["at once"] > 6 or figures["at once for a key"] > RUNNING or figures["most above the rate"] > 0
    return ["a limit was exceeded"] if exceeded else []
