"""Serves the application: uvicorn, several processes on one socket.

They share the socket's queue, so a connection waits for no process that is busy while another is not.
"""

import os
import resource

from arxos.api.addresses import networks
from arxos.api.serving.config import ServerConfig
from arxos.api.serving.connection import Connection
from arxos.api.serving.crowd import Bounds
from arxos.api.serving.processes import END_WITHIN_S, Processes
from arxos.app.logging import configure_logging
from arxos.app.settings import Settings
from arxos.scratch import scratch_folder

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where they leave their numbers for each other
PROCESSES = "ARXOS_API_PROCESSES"  # how many they are: each has its part of limits while Redis is away
KEEP_ALIVE_S = 75  # longer than proxies keep theirs, which would otherwise use one that was just closed
HUNG_S = 30  # a process in which no Python runs for so long is killed, and replaced
WAITING = 4096  # connections that the kernel keeps until a process accepts them
OWN_FILES = 512  # kept for databases, models that come in, and libraries


def run_api(settings: Settings, address: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT. A process that dies is started again."""
    configure_logging(settings)
    with scratch_folder("metrics") as folder:
        os.environ[FOLDER] = str(folder)  # before the library is loaded, here and in the processes that serve
        os.environ[PROCESSES] = str(workers)
        config = _config(settings, address, port, workers)
        Processes(config, [config.bind_socket()]).run()


def _config(settings: Settings, address: str, port: int, workers: int) -> ServerConfig:
    most = min(settings.connections, most_files() - OWN_FILES)
    return ServerConfig(
        "arxos.api.main:serve",
        factory=True,
        interface="asgi3",
        http=Connection,
        ws="none",
        loop="uvloop",
        lifespan="on",
        host=address,
        port=port,
        workers=workers,
        backlog=WAITING,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=END_WITHIN_S,
        timeout_worker_healthcheck=HUNG_S,
        log_config=None,
        log_level="error",  # requests that are none are counted, not told
        access_log=False,
        proxy_headers=False,  # arxos.api.addresses decides whom to believe
        server_header=False,
        bounds=Bounds(max(64, most), settings.connections_per_address, networks(settings.trusted_proxies)),
    )


def most_files() -> int:
    """How many files a process may have open: as many as the system lets it, from now on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20
