"""A thread of the worker's parent process that looks after things and never blocks."""

import os
import sys
import threading
import time
from collections.abc import Callable

import structlog

EVERY_S = 0.1
FAILED = 70

log = structlog.get_logger()


def watch(*duties: Callable[[], None]) -> None:
    """Do these again and again. Should one fail in an unforeseen way, the worker ends: it must not go on unwatched."""
    threading.Thread(target=_watch, args=duties, name="watch", daemon=True).start()


def _watch(*duties: Callable[[], None]) -> None:
    try:
        while True:
            for duty in duties:
                duty()
            time.sleep(EVERY_S)
    finally:
        log.error("watch_failed", exc_info=sys.exc_info())
        os._exit(FAILED)
