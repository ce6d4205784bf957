"""A tiny process beside a worker: what a dead pool child leaves running is killed, also when the worker is dead itself.

Pool children die with the worker (Celery sets PR_SET_PDEATHSIG for them); what their jobs have started would not.
Each child therefore leads a process group of its own and tells the guard, which waits for the end of worker and
children alike. Without pidfds, that is not on Linux, there is no guard.
"""

import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path

from arxos.workers.memory import family

PID_BYTES = 4


def start_guard() -> int | None:
    """Fork the guard, and return the descriptor by which children enlist. Call it before there are threads or sockets.

    It is forked twice: no child of the worker's, so that neither Celery nor a person takes it for one of the pool.
    """
    if sys.platform != "linux":
        return None
    reader, writer = os.pipe()
    worker = os.pidfd_open(os.getpid())
    between = os.fork()
    if between == 0:
        if os.fork() == 0:
            _be_the_guard(reader, worker)
        os._exit(0)
    os.waitpid(between, 0)
    os.close(reader)
    os.close(worker)
    return writer


def enlist(guard: int | None, worker: int) -> None:
    """In a pool child: lead a process group that ends with this process. Ends at once where the worker is dead."""
    os.setsid()
    if os.getppid() != worker:  # it died before Celery's call of prctl
        os._exit(1)
    if guard is not None:
        os.write(guard, os.getpid().to_bytes(PID_BYTES, "little"))


def kill_group(group: int) -> None:
    """Kill every process of the group; none left is fine, and 0 is no group."""
    with suppress(ProcessLookupError, PermissionError):
        if group > 0:
            os.killpg(group, signal.SIGKILL)


def end_offspring() -> None:
    """In a pool child: kill whatever its job has started and left, whether it waits for it or not."""
    for pid in list(family(os.getpid()))[1:]:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # a child's child is not ours to wait for
            os.waitpid(pid, 0)


def _be_the_guard(reader: int, worker: int) -> None:
    """Hold nothing of the worker's, heed no terminal and no service manager's SIGTERM: it ends when all others have."""
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        for fd in {int(entry.name) for entry in Path("/proc/self/fd").iterdir()} - {0, 1, 2, reader, worker}:
            with suppress(OSError):
                os.close(fd)
        os.set_blocking(reader, False)
        _watch(reader, worker)
    finally:
        os._exit(0)


def _watch(reader: int, worker: int) -> None:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    poll.register(worker, select.POLLIN)
    groups = {worker: 0}  # by the pidfd of their leader; the worker leads none that were ours to kill
    while groups:
        ended = {fd for fd, _ in poll.poll()}
        for leader in _enlisted(reader):
            try:
                groups[fd := os.pidfd_open(leader)] = leader
                poll.register(fd, select.POLLIN)
            except ProcessLookupError:  # dead and gone already
                kill_group(leader)
        for group in groups.values() if worker in ended else [groups[fd] for fd in ended & groups.keys()]:
            kill_group(group)
        for fd in ended & groups.keys():
            del groups[fd]
            poll.unregister(fd)
            os.close(fd)


def _enlisted(reader: int) -> list[int]:
    with suppress(BlockingIOError):
        told = os.read(reader, 64 * PID_BYTES)
        return [int.from_bytes(told[at : at + PID_BYTES], "little") for at in range(0, len(told), PID_BYTES)]
    return []
