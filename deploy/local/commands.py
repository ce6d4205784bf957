"""Runs other programs, and says in one line which of them failed and why."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.checkout import say


class CommandError(Exception):
    """A program failed, or a server did not come up; the message names it and quotes its last words."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run to the end and return stdout. Raises CommandError."""
    # A working folder that the unprivileged user cannot enter would make PostgreSQL's programs complain: hence `/`.
    given = os.environ | dict(environment or {})
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=given)
    if done.returncode != 0:
        raise CommandError(f"{_program(command)} failed: {_last_line(done.stderr) or _last_line(done.stdout)}")
    return done.stdout.strip()


def wait_until(
    ready: Callable[[], bool], *, what: str, timeout_s: float = 30.0, progress: Callable[[], object] = lambda: None
) -> None:
    """Ask again until `ready`. Raises CommandError naming `what` after `timeout_s` seconds with the same `progress`.

    `progress` tells how far it is, in any form: on a slow machine what goes on gets the time that it needs.
    """
    before, deadline = progress(), time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            if (now := progress()) == before:
                raise CommandError(f"{what} did not happen within {timeout_s:.0f} s")
            say(f"still waiting for {what}")
            before, deadline = now, time.monotonic() + timeout_s
        time.sleep(0.05)


def cpu_ticks(group: int | None) -> int:
    """The CPU time that the living processes of a process group have used, in clock ticks; 0 where there is none."""
    stats = (_stat(entry) for entry in Path("/proc").glob("[0-9]*"))
    return sum(sum(map(int, stat[11:13])) for stat in stats if stat and stat[2] == str(group))


def _stat(process: Path) -> list[str]:
    """From the third field of /proc/PID/stat on (proc(5)); empty where the process is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _program(command: Sequence[str]) -> str:
    real = next((word for word in command if not word.startswith("-") and not word.endswith("setpriv")), command[0])
    return Path(real).name


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
