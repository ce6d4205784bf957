"""One submitter's flood: how long another's jobs wait meanwhile; and behind a flood in plain Celery's queue."""

import importlib
import os
import time
from typing import Any

import redis

from benchmarks._processes import python, running, wait_until
from benchmarks.desk._ground import empty, sql, submit, system, told, trickle, waits

FLOOD = int(os.environ.get("BENCH_FLOOD", "100000"))
RIVAL_FLOOD = FLOOD // 10
CALM_S = 5.0
TARGET_S = 2.0
LEFT = "SELECT count(*) FROM jobs WHERE state NOT IN ('succeeded', 'dead', 'cancelled')"


def measure() -> dict[str, Any]:
    """Ada submits 20 no-ops a second, before and in the flood, to the same queue; two relays."""
    empty()
    with system(relays=2) as runtime, trickle(runtime, "ada", 0.05):
        wait_until(lambda: bool(sql("SELECT 1 FROM jobs WHERE state = 'succeeded'")))
        began = time.time()
        time.sleep(CALM_S)
        calm = waits("ada", began)
        began = time.time()
        submit(runtime, FLOOD, "probe.noop", "flood")
        submitted = time.time()
        wait_until(lambda: sql(f"{LEFT} AND submitted_by = 'flood'") == [(0,)], 600)
        return {
            "flood": FLOOD,
            "calm": calm,
            "in the flood": waits("ada", began),
            "flood/s": FLOOD / (time.time() - began),
            "submit/s": FLOOD / (submitted - began),
            "celery": _celery(),
        }


def _celery() -> dict[str, float]:
    """One job behind a tenth of the flood: its wait is the flood's whole length."""
    rival = importlib.import_module("benchmarks.rivals.celery_plain")
    worker = python("celery", "-A", "benchmarks.rivals.celery_plain", "worker", "--concurrency", "2")
    with running(*worker), redis.Redis.from_url(os.environ["ARXOS_BROKER_URL"]) as client:
        rival.noop.delay()
        wait_until(lambda: client.llen("celery") + client.hlen("unacked") == 0)
        for _ in range(RIVAL_FLOOD):
            rival.noop.delay()
        rival.latency.delay(time.time())
        waited = float(client.blpop("rival:latency", timeout=600)[1])
    return {"flood": RIVAL_FLOOD, "waited": waited}


def lines(figures: dict[str, Any]) -> list[str]:
    """Waits of the other one."""
    celery = figures["celery"]
    return [
        f"flood of {figures['flood']:,} no-ops by one submitter, {figures['flood/s']:,.0f}/s:",
        f"  another's wait before it:  {told(figures['calm'])}  ({figures['calm']['jobs']} jobs)",
        f"  another's wait in it:      {told(figures['in the flood'])}  ({figures['in the flood']['jobs']} jobs)",
        f"  plain Celery, behind {celery['flood']:,} of them: {celery['waited']:.1f} s",
    ]


def failures(figures: dict[str, Any]) -> list[str]:
    """The p95 is promised."""
    p95 = figures["in the flood"]["p95"]
    return [] if p95 < TARGET_S else [f"p95 in the flood is {p95:.1f} s, promised were {TARGET_S:g} s"]
