"""Where things are in this checkout, and how its commands talk: progress on stderr, answers on stdout."""

import fcntl
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.unprivileged import close_to_others

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
# With RUN_PYTHON another interpreter than the usual one is tried: it gets an environment of its own.
VENV = LOCAL / "environments" / platform.python_version() if os.environ.get("RUN_PYTHON") else ROOT / ".venv"


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def keep_private() -> None:
    """Make `.local`, or close it to other users: secrets, logs and data are in it."""
    LOCAL.mkdir(mode=0o700, exist_ok=True)
    close_to_others(LOCAL)


@contextmanager
def only_one(task: str) -> Iterator[None]:
    """Let one process of this checkout at a time do `task`; the others wait their turn."""
    keep_private()
    with (LOCAL / f"{task}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
