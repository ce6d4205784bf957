"""Installs what only the system's package manager can: servers and programs, and what Debian leaves out of Python."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from deploy.local.binaries import MissingProgramError
from deploy.local.checkout import LOCAL, say
from deploy.local.commands import CommandError

Finder = Callable[[], object]  # raises MissingProgramError

PROGRESS_EVERY_S = 5.0

# A package that is merely installed must not take a standard port, now or at the next boot. PostgreSQL's would create
# and start a cluster: a drop-in tells it not to, for as long as the installation lasts. Progress goes to stdout.
_INSTALL = r"""
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
drop_in=/etc/postgresql-common/createcluster.d
mkdir -p "$drop_in"
trap 'rm -f "$drop_in/no-cluster.conf"; rmdir -p --ignore-fail-on-non-empty "$drop_in" 2>/dev/null || true' EXIT
echo "create_main_cluster = off" > "$drop_in/no-cluster.conf"
apt-get update -q 1>&2
apt-get install -y -q --no-install-recommends -o APT::Status-Fd=3 "$@" 3>&1 1>&2
"""

# What the packages are called elsewhere: named in the instruction, not installed by us.
_ELSEWHERE = {
    "dnf": {"postgresql": "postgresql-server", "postgresql-postgis": "postgis", "redis-tools": "valkey-compat-redis"},
    "pacman": {"postgresql-postgis": "postgis", "redis-tools": "valkey"},
}
_COMMANDS = {"dnf": "dnf install", "pacman": "pacman -S"}


def ensure(*finders: Finder) -> None:
    """Have on the machine what these look for. Raises CommandError saying what to install."""
    missing = _missing(finders)
    if not missing:
        return
    install(_packages(missing), why="; ".join(map(str, missing)))
    if still_missing := _missing(finders):  # an old distribution, whose packages are too old
        raise CommandError("; ".join(map(str, still_missing)))


def ask_first(*finders: Finder) -> None:
    """Ask for sudo's password now, where `ensure` will need it, and not amid the progress of something else."""
    if _missing(finders) and shutil.which("apt-get"):
        _privilege()


def install(packages: Sequence[str], *, why: str) -> None:
    """Install Debian packages as root or through sudo. Raises CommandError with the exact instruction instead."""
    if shutil.which("apt-get") is None:
        raise CommandError(f"{why}. {_instruction(packages)}")
    command = f"apt-get install {' '.join(packages)}"
    say(f"installing {' '.join(packages)}")
    began = time.monotonic()
    if _run_as_root(["sh", "-c", _INSTALL, "sh", *packages], why=f"{why}. Run as root: {command}") != 0:
        raise CommandError(f"{why}, and installing failed (see {_log()}). Run as root: {command}")
    say(f"installed the system's packages in {time.monotonic() - began:.0f} s")


def update() -> None:
    """Fetch the lists of packages. Raises CommandError."""
    if _run_as_root(["apt-get", "update", "-q"], why="run as root: apt-get update") != 0:
        raise CommandError(f"apt-get update failed (see {_log()})")


def _missing(finders: Iterable[Finder]) -> list[MissingProgramError]:
    missing = []
    for find in finders:
        try:
            find()
        except MissingProgramError as error:
            missing.append(error)
    return missing


def _packages(missing: Iterable[MissingProgramError]) -> list[str]:
    return [package for error in missing for package in error.packages]


def _instruction(packages: Iterable[str]) -> str:
    """How to install on a system without apt."""
    for manager, names in _ELSEWHERE.items():
        if shutil.which(manager):
            return f"Run as root: {_COMMANDS[manager]} {' '.join(names.get(one, one) for one in packages)}"
    return f"On Debian: apt-get install {' '.join(packages)}. Or run the containers: docker compose up"


def _run_as_root(command: Sequence[str], *, why: str) -> int:
    """Run, tell progress, keep everything else in the log; return the exit code. Raises CommandError without rights."""
    privilege = _privilege()
    if privilege is None:
        raise CommandError(why)
    LOCAL.mkdir(exist_ok=True)
    with _log().open("a") as log:
        begin = log.tell()
        steps = [*privilege, *command]
        with subprocess.Popen(
            steps, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        ) as running:
            assert running.stdout is not None  # for mypy: it is a pipe
            for line in _every(PROGRESS_EVERY_S, _progress(running.stdout)):
                say(f"  {line}{_size(begin)}")
    return running.returncode


def _progress(status: Iterable[str]) -> Iterator[str]:
    """Status lines of apt, such as `pmstatus:libpq5:41.2000:Unpacking libpq5 (amd64)`, in words."""
    for line in status:
        if told := re.match(r"(?:dl|pm)status:.*?:(\d+\.?\d*):(.*)", line):
            yield f"{float(told[1]):3.0f} % {told[2]}"


def _every(seconds: float, lines: Iterable[str]) -> Iterator[str]:
    """Of many lines those that come at least so long after the one before."""
    last = time.monotonic()
    for line in lines:
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            yield line


def _size(begin: int) -> str:
    """How much apt fetches, as it said in the log from `begin` on."""
    with _log().open() as log:
        log.seek(begin)
        found = re.search(r"Need to get ([\d.,]+ \wB)", log.read())
    return f" (of {found[1]})" if found else ""


def _log() -> Path:
    return LOCAL / "packages.log"


def _privilege() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    may_ask = sys.stdin.isatty() and sys.stderr.isatty()
    sudo = ["sudo"] if may_ask else ["sudo", "-n"]
    return sudo if subprocess.run([*sudo, "true"], check=False, capture_output=not may_ask).returncode == 0 else None
