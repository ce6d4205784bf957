"""Commands in a terminal of a set size: a real one (a pty), so that they see what people's shells give them."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


@dataclass(frozen=True)
class Shown:
    """What a command left on the terminal (all of it, escapes included), and its exit code."""

    raw: str
    code: int

    @property
    def text(self) -> str:
        return ESCAPES.sub("", self.raw).replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        return self.text.rstrip("\n").split("\n")


def on_terminal(
    command: Sequence[str],
    environment: dict[str, str],
    *,
    columns: int = 100,
    rows: int = 40,
    typed: str = "",
    within_s: float = 60.0,
    piped_stdout: bool = False,
) -> Shown:
    """Run in a pty; `typed` is sent once something is shown. `piped_stdout`: only stderr and stdin are the terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    plain = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR", "PAGER"}}
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=subprocess.DEVNULL if piped_stdout else theirs,
        stderr=theirs,
        env=plain | {"TERM": "xterm-256color"} | environment,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        raw = _read(ours, typed, time.monotonic() + within_s)
        return Shown(raw.decode(errors="replace"), process.wait(10))
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int, typed: str, deadline: float) -> bytes:
    seen = b""
    while True:
        assert time.monotonic() < deadline, f"still running, having shown {seen[-500:]!r}"
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            more = os.read(terminal, 65536)
        except OSError:  # Linux's word for the other end having been closed
            return seen
        if not more:
            return seen
        seen += more
        if typed:
            os.write(terminal, typed.encode())
            typed = ""
