"""A mass redrive at a rate: how long live jobs wait meanwhile, in the same queue and in another; how it is kept."""

import os
import time
from collections.abc import Sequence
from typing import Any

from uuid6 import uuid7

from arxos.app.bootstrap import Runtime, start
from arxos.domain.jobs.bulk import Done, act_on_all, undo
from arxos.domain.jobs.desk import Action, Order
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator
from benchmarks._processes import wait_until
from benchmarks.desk._ground import empty, percentiles, sql, submit, system, told, trickle, waits

DEAD = int(os.environ.get("BENCH_DEAD", "10000"))
RATE = 200.0  # jobs a second
CALM_S = 5.0
TARGET_S = 2.0
LIVE = {"ada": "maintenance", "bob": "geometry"}  # who submits meanwhile, and where; what is redriven: maintenance
BENCH = Operator("bench", "measured", "bench")
# How they died is not what is measured.
BURY = """
UPDATE jobs SET state = 'dead', attempt = 1, finished_at = clock_timestamp(), error_type = 'TransientError',
    error_message = 'away', error_fingerprint = '0123456789ab'
"""
LEFT = "SELECT count(*) FROM jobs WHERE submitted_by = 'batch' AND state <> 'succeeded'"
WARM = "SELECT count(DISTINCT submitted_by) FROM jobs WHERE state = 'succeeded'"
TIMES = """
SELECT extract(epoch FROM available_at)::float, extract(epoch FROM started_at)::float FROM jobs
WHERE submitted_by = 'batch'
"""


def measure() -> dict[str, Any]:
    """Dead no-ops are redriven, and undone, and redriven at the rate; two others submit 20 a second each meanwhile."""
    empty()
    runtime = start()
    submit(runtime, DEAD, "probe.noop", "batch")
    sql(BURY)
    runtime.database.close()
    with system() as runtime:
        undone_s = _there_and_back(runtime)
        with trickle(runtime, "ada", 0.05, LIVE["ada"]), trickle(runtime, "bob", 0.05, LIVE["bob"]):
            wait_until(lambda: sql(WARM) == [(len(LIVE),)])
            began = time.time()
            time.sleep(CALM_S)
            calm = {who: waits(who, began) for who in LIVE}
            began = time.time()
            _redrive(runtime, RATE)
            command_s = time.time() - began
            wait_until(lambda: sql(LEFT) == [(0,)], 600)
            meanwhile = {who: waits(who, began) for who in LIVE}
    times = sql(TIMES)
    due, starts = (sorted(moments) for moments in zip(*times, strict=True))
    lags = [started - was_due for was_due, started in times]
    return {
        "dead": DEAD,
        "command s": command_s,
        "undone s": undone_s,
        "calm": calm,
        "meanwhile": meanwhile,
        "took s": starts[-1] - starts[0],
        "most due/s": most_in_a_second(due),
        "most starts/s": most_in_a_second(starts),
        "earliest": min(lags),
        "lag": percentiles(lags),
    }


def _there_and_back(runtime: Runtime) -> float:
    """Seconds to undo a redrive of all, whose first job is not due for an hour."""
    act = _redrive(runtime, 1 / 3600).act
    if act is None:
        raise AssertionError("nothing was redriven")
    began = time.time()
    undone = undo(runtime.ports.unit_of_work, act.id, BENCH)
    if undone.undone != DEAD:
        raise AssertionError(f"{undone.undone} of {DEAD} undone")
    return time.time() - began


def _redrive(runtime: Runtime, rate: float) -> Done:
    order = Order(Action.REDRIVE, JobFilter(submitted_by="batch"), BENCH, 600, rate)
    done = act_on_all(runtime.ports.unit_of_work, order, uuid7(), time.sleep)
    if done.done != DEAD:
        raise AssertionError(f"{done.done} of {DEAD} redriven")
    return done


def most_in_a_second(moments: Sequence[float]) -> int:
    """The most of these moments, in order, that lie within any one second."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def lines(figures: dict[str, Any]) -> list[str]:
    """Waits before and meanwhile, and how the rate was kept."""
    told_of = [
        f"  {who}'s wait in {queue}, {when}: {told(figures[name][who])}  ({figures[name][who]['jobs']} jobs)"
        for who, queue in LIVE.items()
        for when, name in (("before it", "calm"), ("meanwhile", "meanwhile"))
    ]
    return [
        f"{figures['dead']:,} dead letters of one submitter redriven at {RATE:g}/s, in {LIVE['ada']}:",
        *told_of,
        f"  due: at most {figures['most due/s']} in any second; start after that: {told(figures['lag'])}",
        f"  started within {figures['took s']:.1f} s, at most {figures['most starts/s']} in any second",
        f"  the command itself took {figures['command s']:.1f} s; undoing as many {figures['undone s']:.1f} s",
    ]


def failures(figures: dict[str, Any]) -> list[str]:
    """The p95 is promised, and the rate: after a stall more may start in a second, but none before it is due."""
    slow = [
        f"{who}'s p95 during the redrive is {wait['p95']:.1f} s, promised were {TARGET_S:g} s"
        for who, wait in figures["meanwhile"].items()
        if wait["p95"] >= TARGET_S
    ]
    fast = figures["most due/s"] > RATE + 1 or figures["earliest"] < 0
    return slow + (["redriven jobs became due faster than the rate, or started before they were due"] if fast else [])
