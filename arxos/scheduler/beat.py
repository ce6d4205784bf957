"""The beat: Celery's periodic scheduler, whose ticks submit jobs to the ledger. It needs no broker.

``arxos beat`` starts it; so would ``celery beat -S arxos.scheduler.beat:LedgerScheduler``.
"""

import signal
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from celery.beat import Scheduler, Service

from arxos.app.bootstrap import Runtime, start
from arxos.app.presence import EVERY_S, new_service
from arxos.app.trouble import Trouble
from arxos.domain.errors import TransientError
from arxos.scheduler.schedule import TABLE
from arxos.scheduler.ticker import POLL_S, Ticker
from arxos.storage.schedules import Schedules
from arxos.storage.services import Services
from arxos.workers.celery_app import build_app

log = structlog.get_logger()


class LedgerScheduler(Scheduler):  # type: ignore[misc]  # Celery has no types
    """Celery asks it to tick and sleeps for as long as the tick says. All that lasts is in the database."""

    max_interval = POLL_S

    def __init__(self, *args: Any, runtime: Runtime | None = None, **kwargs: Any) -> None:
        self._runtime = runtime
        self._service = new_service("beat")
        self._trouble = Trouble("tick")
        self._announced = self._busy = False
        self._next_beat = 0.0
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Called once, unless Celery only wants to describe us."""
        runtime = self._runtime or start(application="arxos-beat")
        self._ticker = Ticker(Schedules(runtime.database), runtime.kinds, TABLE)
        self._services = Services(runtime.database)

    def tick(self, *_: Any, **__: Any) -> float:
        """Submit what is due, and say that we live; patient with outages. Returns seconds to sleep."""
        self._busy = True
        try:
            wait = self._ticker.tick()
            self._announce()
        except TransientError as error:
            self._trouble.report(str(error))
            wait = POLL_S
        else:
            self._trouble.over()
        finally:
            self._busy = False
        return wait

    def _announce(self) -> None:
        """The heartbeat is a tick's last act: a beat that hangs has none."""
        if time.monotonic() >= self._next_beat:
            self._services.beat(self._service, datetime.now(UTC))
            self._announced = True
            self._next_beat = time.monotonic() + EVERY_S

    @property
    def waits(self) -> bool:
        """Whether the database is away."""
        return self._trouble.now is not None

    def close(self) -> None:
        """Say goodbye. Celery may call this from a signal handler, in the middle of a tick, and again later."""
        if self._announced and not self._busy and not self.waits:
            self._announced = False
            try:
                self._services.leave(self._service.id)
            except TransientError as error:
                self._trouble.report(str(error))
        super().close()

    @property
    def info(self) -> str:
        """What Celery prints at start."""
        return "    . schedules -> the database"


def run_beat(runtime: Runtime) -> None:
    """Tick until SIGTERM or SIGINT: what is begun ends."""
    service = Service(build_app(runtime.settings), scheduler_cls=partial(LedgerScheduler, runtime=runtime))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_stop, service))
    log.info("beat_started", schedules=[entry.name for entry in TABLE])
    service.start()
    log.info("beat_stopped")


def _stop(service: Service, *_: Any) -> None:
    """Let what is begun end; where there is nothing but waiting for the database, stop in the middle of it."""
    service.stop()
    if service.scheduler.waits:
        raise SystemExit
