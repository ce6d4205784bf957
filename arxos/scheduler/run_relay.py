"""The relay process: the relay itself, and the sweeper beside it in a thread."""

import signal
import threading

import structlog

from arxos.app.bootstrap import Runtime
from arxos.scheduler.relay import Relay
from arxos.scheduler.sweeper import Sweeper
from arxos.storage.outbox import Outbox
from arxos.tasks.queues import POOL_OF
from arxos.workers.celery_app import build_app
from arxos.workers.publisher import Publisher

log = structlog.get_logger()


def run_relay(runtime: Runtime) -> None:
    """Publish and sweep until SIGTERM or SIGINT."""
    settings = runtime.settings
    app = build_app(settings)
    outbox, queues, stopping = Outbox(runtime.database), tuple(POOL_OF), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    relay = Relay(outbox, Publisher(app), queues, settings.queue_depth, stopping)
    sweeper = Sweeper(
        runtime.ports.unit_of_work,
        outbox,
        Publisher(app),  # a connection of its own: the sweeper is another thread
        queues,
        settings.lease_s,
        settings.republish_s,
        stopping,
    )
    thread = threading.Thread(target=sweeper.run, name="sweeper", daemon=True)
    thread.start()
    log.info("relay_started", queues=list(queues))
    relay.run(runtime.database)
    thread.join(timeout=5)
    log.info("relay_stopped")
