"""A worker process's life: its lease, the deaths of its children, its goodbye."""

import os
import platform
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import structlog
from billiard.exceptions import TimeLimitExceeded
from celery import signals

from arxos import __version__
from arxos.app.bootstrap import Runtime
from arxos.domain.errors import TransientError
from arxos.domain.jobs.ledger import Beat
from arxos.tasks.queues import Pool, queues_of

log = structlog.get_logger()


def new_beat(pool: Pool) -> Beat:
    """How this process announces itself: a name that no other process ever had."""
    host, pid = platform.node(), os.getpid()
    name = f"{pool}@{host}:{pid}:{uuid4().hex[:6]}"
    return Beat(name, host, pid, pool, queues_of(pool), __version__)


@dataclass
class Lifecycle:
    """Renews the lease of this worker's jobs, and reports those whose child process died.

    Runs in a thread of the parent process. Reports wait in a queue until the database takes them.
    """

    runtime: Runtime
    beat: Beat
    _losses: "queue.SimpleQueue[tuple[UUID, str]]" = field(default_factory=queue.SimpleQueue)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def connect(self) -> None:
        """Follow Celery's signals. Receivers are kept alive by this object."""
        signals.worker_ready.connect(self._on_ready)
        signals.worker_shutting_down.connect(self._on_shutting_down)
        signals.worker_shutdown.connect(self._on_shutdown)
        signals.task_failure.connect(self._on_failure)

    def _on_ready(self, **_: Any) -> None:
        self._thread = threading.Thread(target=self._live, name="lease", daemon=True)
        self._thread.start()

    def _on_shutting_down(self, **_: Any) -> None:
        """Celery stops consuming and waits for what runs, however long: bound that by the drain time."""
        deadline = threading.Timer(self.runtime.settings.drain_s, self._leave)
        deadline.daemon = True
        deadline.start()

    def _leave(self) -> None:
        """Give back what still runs, so that no attempt is burned; then end, threads and children with us."""
        log.warning("drain_time_over", worker=self.beat.worker)
        self._stop.set()
        try:
            self._patiently(self._retire)
        finally:
            os._exit(0)

    def _on_shutdown(self, **_: Any) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self._patiently(self._retire)

    def _on_failure(self, task_id: str, exception: BaseException, **_: Any) -> None:
        """A message's task raised, which bodies never do: its process died or could not record an outcome."""
        if os.getpid() != self.beat.pid:
            os._exit(75)  # a child that could not settle: its end is what the parent sees and reports
        self._losses.put((UUID(task_id), _reason(exception)))
        if self._thread is None:
            self._report_losses()

    def _live(self) -> None:
        try:
            while not self._stop.is_set():
                self._patiently(self._renew)
                self._patiently(self._report_losses)
                self._wait()
        finally:
            if not self._stop.is_set():
                os._exit(70)  # an unforeseen error: a worker that cannot renew its lease must not go on

    def _wait(self) -> None:
        """Until the next heartbeat is due, or a loss is there to report."""
        for _ in range(max(1, round(self.runtime.settings.heartbeat_s / 0.1))):
            if self._stop.wait(0.1) or not self._losses.empty():
                return

    def _renew(self) -> None:
        with self.runtime.ports.unit_of_work() as uow:
            uow.jobs.beat(self.beat)
            uow.commit(durable=False)

    def _report_losses(self) -> None:
        while not self._losses.empty():
            delivery, reason = self._losses.get()
            try:
                with self.runtime.ports.unit_of_work() as uow:
                    taken = uow.jobs.lose(reason, delivery=delivery)
                    uow.commit()
            except TransientError:
                self._losses.put((delivery, reason))
                raise
            log.warning("jobs_lost", delivery=str(delivery), jobs=[str(job_id) for job_id in taken], reason=reason)

    def _retire(self) -> None:
        with self.runtime.ports.unit_of_work() as uow:
            returned = uow.jobs.retire(self.beat.worker)
            uow.commit()
        log.info("worker_retired", worker=self.beat.worker, jobs_given_back=len(returned))

    def _patiently(self, act: Callable[[], None]) -> None:
        """While the database is away there is nothing to do but to come again."""
        try:
            act()
        except TransientError as error:
            log.warning("lease_not_renewed", worker=self.beat.worker, error=str(error))


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeLimitExceeded):
        return f"it went beyond its hard time limit of {error.args[0]} s and was killed"
    text = str(error)
    if "signal 9" in text:
        text += " Probably out of memory."
    return text
