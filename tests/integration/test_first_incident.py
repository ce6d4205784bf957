"""The walk of docs/first-incident.md, typed again: why ten jobs don't run is found out, and all of them get going.

With FIRST_INCIDENT_WRITE=1 the page gets this run's output.
"""

import fcntl
import os
import platform
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from arxos.domain.jobs.job import JobState
from tests.running import Stack, wait_until

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "first-incident.md"
BLOCK = re.compile(r"^```(bash|console)\n(.*?)^```$|^<!-- wait: (\w+) -->$", re.MULTILINE | re.DOTALL)
TEN = ("LAST", "KEYED", "PAUSED", "OFF", "ALONE", "SLOW", "NEVER", "LATER", "AFTER", "DEAD")
MARK = "\x01"
WIDTH = 118


class Shell:
    """A shell at a terminal, in which `arxos` is the command under test."""

    def __init__(self, variables: Mapping[str, str], folder: Path) -> None:
        self._controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 500, WIDTH, 0, 0))
        attributes = termios.tcgetattr(terminal)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        plain = {"NO_COLOR": "1", "TERM": "xterm", "ARXOS_PAGER": "cat", "COLUMNS": str(WIDTH)}
        plain |= {"LOGNAME": "root"}  # as on the page, whoever runs the tests
        environment = {**os.environ, **variables, **plain}
        self._errors = (folder / "errors").open("w+b")  # no terminal: bars come and go, and are nothing for a page
        bash = ["bash", "--norc", "--noprofile"]
        self._bash = subprocess.Popen(
            bash, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=terminal, stderr=self._errors
        )
        os.close(terminal)
        self._read = 0
        (folder / "arxos").write_text(f'#!/bin/sh\nexec {sys.executable} -m arxos.cli.main "$@"\n')
        (folder / "arxos").chmod(0o755)
        self.type('PATH="$PWD:$PATH"')

    def type(self, command: str) -> str:
        """What the command prints."""
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{command}\nprintf '{MARK}'\n".encode())
        self._bash.stdin.flush()
        said = b""
        while not said.endswith(MARK.encode()):
            said += os.read(self._controller, 65536)
        return said.decode().removesuffix(MARK).replace("\r\n", "\n") + self._complaints()

    def _complaints(self) -> str:
        """What was said on stderr since the last time."""
        size = os.fstat(self._errors.fileno()).st_size
        told = os.pread(self._errors.fileno(), size - self._read, self._read)
        self._read = size
        return told.decode()

    def value(self, name: str) -> str:
        """A variable of the shell's."""
        return self.type(f"printf '%s' \"${name}\"")

    def leave(self) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.close()
        self._bash.wait(20)
        os.close(self._controller)
        self._errors.close()


@pytest.fixture
def shell(queue: Stack, tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(queue.variables, tmp_path)
    alarm = threading.Timer(240, lambda: os.kill(shell._bash.pid, signal.SIGKILL))
    alarm.start()
    yield shell
    alarm.cancel()
    shell.type("kill $(cat worker.pid)")
    shell.leave()


def test_the_walk_gets_all_ten_going(queue: Stack, shell: Shell) -> None:
    waits = {
        "planted": lambda: held(queue, "both slots are taken", running=2, held=1),
        "settled": lambda: held(queue, "the flood is over", running=1, held=4),
        "succeeded": lambda: succeeded(queue, shell),
    }
    page = PAGE.read_text()
    walked = BLOCK.sub(lambda block: walk(shell, block, waits), page)
    if os.environ.get("FIRST_INCIDENT_WRITE"):
        PAGE.write_text(walked)
        return
    assert compared(walked) == compared(page)


def walk(shell: Shell, block: "re.Match[str]", waits: Mapping[str, Callable[[], None]]) -> str:
    """The block with what its commands print now."""
    language, text, wait = block.groups()
    if wait:
        waits[wait]()
        return block[0]
    if language == "bash":
        assert shell.type(text) == ""
        return block[0]
    commands = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
    return "```console\n" + "".join(f"$ {one}\n{tidy(shell.type(one))}" for one in commands) + "```"


def tidy(output: str) -> str:
    """Without what a terminal needs and a page does not."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", output).replace(platform.node(), "host")
    return "".join(f"{line.rstrip()}\n" for line in plain.splitlines())


def compared(page: str) -> list[str]:
    """Its lines, but for what the doctor says: how much of it bites depends on how slow the machine is."""
    lines, doctor = [], False
    for line in page.splitlines():
        doctor = line.startswith("$ arxos doctor") or (doctor and not line.startswith(("$ ", "```")))
        if not doctor:
            lines.append(alike(line))
    return lines


def alike(line: str) -> str:
    """A line without what is another in each run: ids, numbers, names of machines, widths."""
    line = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12}\b", "ID", line)
    line = re.sub(r"(cpu|io|cli|relay)@[\w.:-]+", r"\1@HOST", line)
    line = re.sub(r"[0-9][0-9.,:T+-]*( (ms|s|min|m|h|d|days)\b)?", "N", line)
    line = re.sub(r"PermanentError: .*", "PermanentError", line)  # in a table cut where the width is over
    return re.sub(r"[\s─━]+", " ", line).strip()


def held(queue: Stack, what: str, **numbers: int) -> None:
    """Everything stands where it is meant to."""
    states = "SELECT count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE held <> '') FROM jobs"
    wait_until(lambda: queue.sql(states) == [(numbers["running"], numbers["held"])], what)


def succeeded(queue: Stack, shell: Shell) -> None:
    ids = [shell.value(name) for name in TEN]
    left = "SELECT count(*) FROM jobs WHERE id = ANY(%s::uuid[]) AND state <> %s"
    wait_until(lambda: queue.sql(left, ids, JobState.SUCCEEDED) == [(0,)], "all ten succeeded", 90)
