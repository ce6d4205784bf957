"""The pool's children: how they are born and buried."""

import os
from typing import Any

from celery import Celery, bootsteps, signals
from celery.worker.components import Pool

from arxos.workers.guard import enlist

EVERY_S = 0.2


class PromptBurial(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Lets the pool look for dead children several times a second.

    It looks when the pipe to a child closes, which is a moment before the kernel calls the child dead. Whoever is not
    dead yet at that look is found by the next one of its own: after 5 s.
    """

    requires = (Pool,)

    def register_with_event_loop(self, worker: Any, hub: Any) -> None:
        """Once for each connection to the broker, after which the hub forgets what it was told to repeat."""
        hub.call_repeatedly(EVERY_S, worker.pool.maintain_pool)


def look_after_children(app: Celery, guard: int | None) -> None:
    """Their deaths are noticed at once, and whatever they leave running ends with them."""
    worker = os.getpid()
    signals.worker_process_init.connect(lambda **_: enlist(guard, worker), weak=False)
    app.steps["worker"].add(PromptBurial)
