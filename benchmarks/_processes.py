"""Processes for the length of a benchmark."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOP_WITHIN_S = 60


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own; told to stop at the end, killed with all its children if it does not."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            yield process
            if process.poll() is not None:
                output.seek(0)
                raise RuntimeError(f"{' '.join(command)} ended: {output.read()[-2000:].decode(errors='replace')}")
        finally:
            _stop(process)


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module in this environment."""
    return (sys.executable, "-m", module, *arguments)


def arxos(*arguments: str) -> tuple[str, ...]:
    """The command line of ours."""
    return python("arxos.cli.main", *arguments)


def wait_until(true: Callable[[], bool], within_s: float = 300.0, every_s: float = 0.05) -> None:
    """Poll. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s} s")
        time.sleep(every_s)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
