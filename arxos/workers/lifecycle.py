"""A worker process's life: its lease, the jobs that it lost, its goodbye."""

import math
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import structlog
from celery import signals

from arxos import __version__
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import TransientError
from arxos.domain.jobs.ledger import Beat
from arxos.tasks.queues import Pool, queues_of
from arxos.workers.cancelling import Cancelling
from arxos.workers.deaths import COULD_NOT_SETTLE, reason_of
from arxos.workers.losses import Losses
from arxos.workers.memory import used_bytes

FAILED = 70
GOODBYE_S = 5.0
RETRY_S = 0.2
LOOK_EVERY_S = 1.0  # for cancelled jobs: their bodies are told within twice that

log = structlog.get_logger()


def new_beat(pool: Pool) -> Beat:
    """How this process announces itself: a name that no other process ever had."""
    host, pid = platform.node(), os.getpid()
    name = f"{pool}@{host}:{pid}:{uuid4().hex[:6]}"
    return Beat(name, host, pid, pool, queues_of(pool), __version__)


@dataclass
class Lifecycle:
    """Renews the lease of this worker's jobs, tells those that are cancelled, reports those that lost their process.

    Runs in a thread of the parent process. What cannot be reported is reported when the database is back.
    """

    runtime: Runtime
    beat: Beat
    losses: Losses
    cancelling: Cancelling
    drain: Callable[[], None]  # called at every heartbeat from which on somebody wants this worker to end
    _next_renewal: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def connect(self) -> None:
        """Follow Celery's signals. Receivers are kept alive by this object."""
        signals.worker_ready.connect(self._on_ready)
        signals.worker_shutdown.connect(self._on_shutdown)
        signals.task_failure.connect(self._on_failure)

    def abandon(self, delivery: UUID, reason: str) -> None:
        """Lose this delivery's jobs, give back all others, and end the process with what cannot be stopped."""
        threading.Thread(target=self._abandon, args=[delivery, reason], name="abandon", daemon=True).start()

    def give_back(self, within_s: float) -> None:
        """Give back what still runs, no attempt burned. If the database does not take it in time, leases run out."""
        goodbye = threading.Thread(target=self._patiently, args=[self._retire], name="goodbye", daemon=True)
        goodbye.start()
        goodbye.join(within_s)

    def _abandon(self, delivery: UUID, reason: str) -> None:
        loss = self.losses.add(delivery, reason)
        while math.isinf(loss.reported):  # by the other thread
            time.sleep(RETRY_S)
        self._patiently(self._retire)
        os._exit(FAILED)

    def _on_ready(self, **_: Any) -> None:
        self._thread = threading.Thread(target=self._live, name="lease", daemon=True)
        self._thread.start()

    def _on_shutdown(self, **_: Any) -> None:
        self.give_back(GOODBYE_S)

    def _on_failure(self, task_id: str, exception: BaseException, args: Any = (), **_: Any) -> None:
        """A message's task raised, which bodies never do: its process died or could not record an outcome."""
        if os.getpid() != self.beat.pid:
            os._exit(COULD_NOT_SETTLE)
        self.losses.add(UUID(task_id), reason_of(exception), _jobs_of(args))

    def _live(self) -> None:
        try:
            while not self._stop.is_set():
                if time.monotonic() >= self._next_renewal:
                    self._patiently(self._renew)
                self._patiently(self.cancelling.look)  # before the deaths that it causes are reported as such
                self._patiently(self.losses.report)
                self.losses.added.wait(min(LOOK_EVERY_S, self.runtime.settings.heartbeat_s))
                self.losses.added.clear()
        finally:
            if not self._stop.is_set():  # an unforeseen error: a worker that cannot renew its lease must not go on
                log.error("lease_failed", worker=self.beat.worker, exc_info=sys.exc_info())
                os._exit(FAILED)

    def _renew(self) -> None:
        memory = used_bytes(self.beat.pid) or None
        with self.runtime.ports.unit_of_work() as uow:
            unwanted = uow.jobs.beat(replace(self.beat, clock=datetime.now(UTC), memory_bytes=memory))
            uow.commit(durable=False)
        if unwanted:
            self.drain()
        self._next_renewal = time.monotonic() + self.runtime.settings.heartbeat_s

    def _retire(self) -> None:
        self._end_lease()
        with self.runtime.ports.unit_of_work() as uow:
            returned = uow.jobs.retire(self.beat.worker)
            uow.commit()
        log.info("worker_retired", worker=self.beat.worker, jobs_given_back=len(returned))

    def _end_lease(self) -> None:
        """No heartbeat may follow the goodbye."""
        self._stop.set()
        self.losses.added.set()
        if self._thread is not None:
            self._thread.join()

    def _patiently(self, act: Callable[[], None]) -> None:
        """While the database is away there is nothing to do but to come again."""
        try:
            act()
        except TransientError as error:
            log.warning("lease_not_renewed", worker=self.beat.worker, error=str(error))


def _jobs_of(arguments: Any) -> list[UUID]:
    """The jobs that a message names; none where it is not of the relay's making."""
    with suppress(IndexError, KeyError, TypeError, ValueError, AttributeError):
        return [UUID(job_id) for job_id in arguments[0]]
    return []
