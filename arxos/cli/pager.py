"""What is longer than the screen goes through a pager, as with git."""

import os
import shlex
import shutil
import signal
import subprocess
import sys

from arxos.cli.terminal import below

NO_PAGER = ("", "cat")


def page(text: str) -> None:
    """Write to the terminal; what does not fit on it goes through the pager, if there is one."""
    command = _pager() if text.count("\n") >= shutil.get_terminal_size().lines else []
    if not command or not _paged(command, text):
        below(sys.stdout).write(text)


def turn_off() -> None:
    """No pager for the rest of this process."""
    os.environ["ARXOS_PAGER"] = ""


def _pager() -> list[str]:
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return []
    named = os.environ.get("ARXOS_PAGER", os.environ.get("PAGER", "less"))
    try:
        return [] if named.strip() in NO_PAGER else shlex.split(named)
    except ValueError:  # a quote that is not closed
        return []


def _paged(command: list[str], text: str) -> bool:
    environment = {"LESS": "FRX", "LV": "-c"} | os.environ
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, env=environment)
    except OSError:
        return False
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pager's while it shows
    try:
        pager.communicate(text)
    finally:
        signal.signal(signal.SIGINT, interrupt)
    return True
