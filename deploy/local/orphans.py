"""Finds and ends what a stack left running after its supervisor was killed: by what processes are, not by bare names.

supervisord's children inherit a variable that names this checkout's `.local`. The servers write their title over their
environment; but they work in their own data folders.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from deploy.local.checkout import LOCAL

MARKER = "STACK_HOME"
_SERVER_FOLDERS = {LOCAL / "postgres": "postgres", LOCAL / "redis": "redis-"}
_PATIENCE_S = 10.0


def end_orphans() -> list[int]:
    """End every process of this checkout's stack, gently and then not; returns their pids, of which none is left."""
    found = list(_stack_processes())
    for pid in found:
        _signal(pid, signal.SIGINT if _serves(pid) else signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_S
    while remaining := list(_stack_processes()):
        if time.monotonic() > deadline:
            for pid in remaining:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.1)
    return found


def is_alive(pid: int) -> bool:
    """Whether the process is there, and more than an entry that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _stack_processes() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and (_is_marked(entry) or _serves(int(entry.name))):
            yield int(entry.name)


def _is_marked(process: Path) -> bool:
    try:
        variables = (process / "environ").read_bytes().split(b"\0")
    except OSError:  # gone, or somebody else's
        return False
    return f"{MARKER}={LOCAL}".encode() in variables and is_alive(int(process.name))


def _serves(pid: int) -> bool:
    """Whether this is a server at work in a data folder of ours: both, so that nobody's shell there is hit."""
    process = Path("/proc") / str(pid)
    try:
        folder, program = (process / "cwd").readlink(), (process / "exe").readlink()
    except OSError:
        return False
    wanted = _SERVER_FOLDERS.get(folder)
    return wanted is not None and program.name.startswith(wanted)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
