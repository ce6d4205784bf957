"""Where things are in this checkout, and how its commands talk: progress on stderr, answers on stdout."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
VENV = ROOT / ".venv"


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def only_one(task: str) -> Iterator[None]:
    """Let one process of this checkout at a time do `task`; the others wait their turn."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / f"{task}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
