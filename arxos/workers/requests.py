"""What Celery knows of the messages that this worker's children or threads have accepted."""

from contextlib import suppress
from typing import Any

from celery.worker import state


def running_requests() -> list[Any]:
    """Celery's requests: each with `id`, the delivery; `name`; `worker_pid`. Its main thread changes them any time."""
    for _ in range(10):
        with suppress(RuntimeError):
            return list(state.active_requests)
    return []
