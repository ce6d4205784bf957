"""Serves the application: granian, several processes on one port."""

import os

from granian import Granian
from granian.constants import Interfaces, Loops

from arxos.app.logging import configure_logging
from arxos.app.settings import Settings
from arxos.scratch import scratch_folder

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where they leave their numbers for each other
END_WITHIN_S = 8  # then a process that still answers is killed: streams of events never end by themselves


def run_api(settings: Settings, address: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT. A process that dies is started again."""
    configure_logging(settings)
    with scratch_folder("metrics") as folder:
        os.environ[FOLDER] = str(folder)  # before the library is loaded, here and in the processes that serve
        _serve(address, port, workers)


def _serve(address: str, port: int, workers: int) -> None:
    Granian(
        "arxos.api.main:serve",
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        address=address,
        port=port,
        workers=workers,
        websockets=False,
        log_enabled=False,  # ours tell what there is to tell
        respawn_failed_workers=True,
        workers_kill_timeout=END_WITHIN_S,
    ).serve()
