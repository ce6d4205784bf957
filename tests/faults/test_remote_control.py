"""Everything that Celery's remote control knows, sent to real workers: none of it stops or changes them."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery.worker import control

from arxos.domain.jobs.job import JobState
from arxos.workers.celery_app import build_app
from arxos.workers.remote_control import READ_ONLY, REFUSED
from tests.faults.system import System

ARGUMENTS: dict[str, dict[str, Any]] = {
    "add_consumer": {"queue": "strange"},
    "autoscale": {"max": 1, "min": 0},
    "cancel_consumer": {"queue": "maintenance"},
    "election": {"id": "1", "topic": "task", "action": "x"},
    "hello": {"from_node": "stranger@here", "revoked": {str(uuid4()): 1.0}},
    "objgraph": {"type": "dict", "num": 1, "max_depth": 1},
    "pool_grow": {"n": 20},
    "pool_shrink": {"n": 1},
    "query_task": {"ids": [str(uuid4())]},
    "rate_limit": {"task_name": "probe.noop", "rate_limit": "1/h"},
    "revoke": {"task_id": str(uuid4()), "terminate": True},
    "revoke_by_stamped_headers": {"headers": {"x": "y"}, "terminate": True},
    "terminate": {"task_id": str(uuid4()), "signal": "KILL"},
    "time_limit": {"task_name": "probe.noop", "hard": 0.001, "soft": 0.001},
}

pytestmark = pytest.mark.slow


def test_no_command_of_remote_control_stops_or_changes_a_worker(system: System) -> None:
    app = build_app(system.runtime.settings)
    before = shape(app)
    pids = {name: process.pid for name, process in system.processes.items()}
    replies: dict[str, list[Any]] = {}
    for command in (*control.Panel.meta, "arxos_never_heard_of_it"):
        sent = ARGUMENTS.get(command, {})
        said = app.control.broadcast(command, arguments=sent, reply=True, timeout=10, limit=2)
        replies[command] = [answer for one in said or [] for answer in one.values()]
    assert {command for command, said in replies.items() if said == [{"error": REFUSED}] * 2} == {
        command for command in replies if command not in READ_ONLY
    }
    for queue in ("maintenance", "health"):
        system.reaches(system.submit("probe.noop", queue=queue), JobState.SUCCEEDED)
    assert shape(app) == before
    assert {name: process.pid for name, process in system.processes.items()} == pids
    assert system.exits == []
    secret = urlsplit(system.runtime.settings.broker_url).password
    assert secret
    assert secret not in repr(replies)
    app.close()


def shape(app: Any) -> dict[str, tuple[int, list[str]]]:
    """Worker → its slots and the queues that it consumes."""
    inspect = app.control.inspect(timeout=3)
    stats, queues = inspect.stats(), inspect.active_queues()
    return {
        worker: (said["pool"]["max-concurrency"], sorted(queue["name"] for queue in queues[worker]))
        for worker, said in stats.items()
    }
