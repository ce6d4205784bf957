"""The relay process: the relay itself; the sweeper and the heartbeat beside it in threads."""

import signal
import threading
from functools import partial

import structlog

from arxos.app.bootstrap import Runtime, hasty
from arxos.app.presence import Presence, new_service
from arxos.scheduler.relay import Relay
from arxos.scheduler.sweeper import Sweeper
from arxos.scheduler.vacuum_watch import VacuumWatch
from arxos.storage.activity import Activity
from arxos.storage.backlogs import Backlogs
from arxos.storage.limit_acts import Limits
from arxos.storage.outbox import Outbox
from arxos.storage.services import Services
from arxos.tasks.endings import tell_endings
from arxos.tasks.queues import POOL_OF
from arxos.tasks.registry import all_kinds
from arxos.workers.broker_check import check_broker
from arxos.workers.celery_app import build_app
from arxos.workers.publisher import Publisher

log = structlog.get_logger()


def run_relay(runtime: Runtime) -> None:
    """Publish and sweep until SIGTERM or SIGINT. Raises InvalidError where the broker is unfit."""
    runtime, settings = hasty(runtime), runtime.settings
    app = build_app(settings, "arxos-relay")
    check_broker(app)
    outbox, queues, stopping = Outbox(runtime.database), tuple(POOL_OF), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    allowed = {kind.name: kind.allowed for kind in runtime.kinds.values() if kind.allowed}
    limits = Limits(runtime.database)
    relay = Relay(outbox, Publisher(app), queues, settings.queue_depth, limits, allowed, stopping)
    sweeper = Sweeper(
        runtime.ports.unit_of_work,
        outbox,
        Publisher(app),  # a connection of its own: the sweeper is another thread
        queues,
        settings.lease_s,
        settings.republish_s,
        VacuumWatch(Activity(runtime.database), settings.long_transaction_s),
        Backlogs(runtime.database),
        partial(tell_endings, kinds=all_kinds(probes=True)),
        stopping,
    )
    presence = Presence(
        Services(runtime.database), new_service("relay"), (relay.trouble, sweeper.broker_trouble), stopping
    )
    threads = [threading.Thread(target=one.run, name=type(one).__name__, daemon=True) for one in (sweeper, presence)]
    for thread in threads:
        thread.start()
    log.info("relay_started", queues=list(queues))
    relay.run(runtime.database)
    for thread in threads:
        thread.join(timeout=5)
    log.info("relay_stopped")
