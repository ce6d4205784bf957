"""The processes of the system: one table, for the local stack and, checked by a test, for the containers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Process:
    """One process. `command` as in a shell with `.venv` active; SIGTERM asks it to end."""

    name: str
    command: tuple[str, ...]
    health: str  # the check of `deploy/healthcheck.py` that sees whether it is at work
    stop_within_s: int = 10  # then it is killed


# A worker lets its running jobs finish for ARXOS_DRAIN_S (25 s) and then gives them back: it needs a little longer.
PROCESSES = (
    Process("api", ("arxos", "api"), "api"),
    Process("relay", ("arxos", "relay"), "relay"),
    Process("beat", ("arxos", "beat"), "beat"),
    Process("ingress", ("arxos", "ingress"), "ingress"),
    Process("worker-cpu", ("arxos", "worker", "--pool", "cpu"), "worker", stop_within_s=40),
    Process("worker-io", ("arxos", "worker", "--pool", "io"), "worker", stop_within_s=40),
    Process("flower", ("arxos", "flower"), "flower"),
)
