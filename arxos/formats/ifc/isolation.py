"""Runs native code that may crash, hang or eat memory in a forked child, and tells its parent what became of it."""

import ctypes
import gc
import os
import resource
import select
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

Send = Callable[[bytes], None]
Work = Callable[[Send], None]

LENGTH: Final = struct.Struct("=Q")
READ_BYTES: Final = 1 << 20
MEBIBYTE: Final = 1 << 20
PR_SET_PDEATHSIG: Final = 1
FAILED_STATUS: Final = 70  # the child's own exit: its work raised


class ChildEndedError(Exception):
    """The child is gone: finished, crashed or killed."""


class IsolatedWork:
    """A child process that does `work` and sends back packets of bytes. A context: leaving it leaves no child behind.

    The child shares the parent's memory as it was at the fork (an open model costs nothing to hand over), has at most
    `memory_mb` MiB more than the parent had, and dies with the parent. A plain fork and no `multiprocessing`: that
    refuses children to the daemonic processes of a Celery pool, and its start methods would copy the model.
    """

    def __init__(self, work: Work, *, memory_mb: int) -> None:
        self._received = bytearray()
        self._exit: int | None = None
        self._reader, writer = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings():  # of forks among threads: the child touches no lock of ours, and never returns
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            os.close(self._reader)
            _be_the_child(work, writer, parent, memory_mb)
        os.close(writer)
        self._poll = select.poll()  # select() refuses descriptors above 1023
        self._poll.register(self._reader, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._exit is None:
            os.kill(self._pid, signal.SIGKILL)
            self._wait()
        os.close(self._reader)

    def receive(self, timeout_s: float) -> bytes | None:
        """The next packet, None where none came in time. Raises ChildEndedError, saying how, after the last one."""
        deadline = time.monotonic() + timeout_s
        while (packet := self._next_packet()) is None:
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return None
            chunk = os.read(self._reader, READ_BYTES)
            if not chunk:
                raise ChildEndedError(self._wait())
            self._received += chunk
        return packet

    def _next_packet(self) -> bytes | None:
        if len(self._received) < LENGTH.size:
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
        if len(self._received) < end:
            return None
        packet = bytes(memoryview(self._received)[LENGTH.size : end])
        del self._received[:end]
        return packet

    def _wait(self) -> str:
        """Reap the child and say how it ended."""
        if self._exit is None:
            self._exit = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        if self._exit < 0:
            return f"killed by {signal.Signals(-self._exit).name}"
        return "finished" if self._exit == 0 else f"ended with status {self._exit}"


def _be_the_child(work: Work, writer: int, parent: int, memory_mb: int) -> None:
    """Do the work and leave, past every handler, `finally` and exit hook of the process that was forked."""
    status = FAILED_STATUS
    try:
        _prepare(parent, memory_mb)
        with os.fdopen(writer, "wb") as stream:

            def send(packet: bytes) -> None:
                stream.write(LENGTH.pack(len(packet)) + packet)
                stream.flush()

            work(send)
        status = 0
    except BaseException:  # noqa: BLE001 - the last line of a process: the parent is told by its status
        traceback.print_exc()
    finally:
        os._exit(status)


def _prepare(parent: int, memory_mb: int) -> None:
    gc.disable()  # or a collection could close what the parent has open
    for caught in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(caught, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _bound_memory(memory_mb)
    if os.getppid() != parent:  # it died before the call above
        os._exit(FAILED_STATUS)


def _bound_memory(memory_mb: int) -> None:
    """Let the process map `memory_mb` MiB more than it has mapped now."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    bound, hardest = mapped + memory_mb * MEBIBYTE, resource.getrlimit(resource.RLIMIT_AS)[1]
    if hardest == resource.RLIM_INFINITY or bound < hardest:
        resource.setrlimit(resource.RLIMIT_AS, (bound, hardest))
