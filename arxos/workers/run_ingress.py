"""The ingress process, with its heartbeat beside it."""

import signal
import threading

import structlog

from arxos.app.bootstrap import Runtime, hasty
from arxos.app.presence import Presence, new_service
from arxos.domain.jobs.signatures import parse_keys
from arxos.storage.services import Services
from arxos.workers.ingress import ingress_of

log = structlog.get_logger()


def run_ingress(runtime: Runtime) -> None:
    """Take messages in until SIGTERM or SIGINT."""
    runtime = hasty(runtime)
    keys = parse_keys(runtime.settings.ingress_keys.get_secret_value())
    ingress = ingress_of(runtime, keys)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ingress.stopping.set())
    presence = Presence(Services(runtime.database), new_service("ingress"), (ingress.trouble,), ingress.stopping)
    thread = threading.Thread(target=presence.run, name="presence", daemon=True)
    thread.start()
    log.info("ingress_started", signed=bool(keys))
    ingress.run()
    thread.join(timeout=5)
    ingress.queue.close()
    log.info("ingress_stopped")
