"""Installs what only the system's package manager can: servers and programs, and what Debian leaves out of Python."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable

from deploy.local.binaries import MissingProgramError
from deploy.local.checkout import LOCAL, say
from deploy.local.commands import CommandError

Finder = Callable[[], object]  # raises MissingProgramError

# A package that is merely installed must not take a standard port, now or at the next boot. PostgreSQL's would create
# and start a cluster: a drop-in tells it not to, for as long as the installation lasts.
_INSTALL = r"""
set -eu
export DEBIAN_FRONTEND=noninteractive
drop_in=/etc/postgresql-common/createcluster.d
mkdir -p "$drop_in"
trap 'rm -f "$drop_in/no-cluster.conf"; rmdir -p --ignore-fail-on-non-empty "$drop_in" 2>/dev/null || true' EXIT
echo "create_main_cluster = off" > "$drop_in/no-cluster.conf"
apt-get update -q
apt-get install -y -q --no-install-recommends "$@"
"""


def ensure(*finders: Finder) -> None:
    """Have on the machine what these look for. Raises CommandError saying what to install."""
    missing = _missing(finders)
    if not missing:
        return
    packages = [package for error in missing for package in error.packages]
    install(packages, why="; ".join(map(str, missing)))
    if still_missing := _missing(finders):  # an old distribution, whose packages are too old
        raise CommandError("; ".join(map(str, still_missing)))


def _missing(finders: Iterable[Finder]) -> list[MissingProgramError]:
    missing = []
    for find in finders:
        try:
            find()
        except MissingProgramError as error:
            missing.append(error)
    return missing


def install(packages: list[str], *, why: str) -> None:
    """Install Debian packages as root or through sudo. Raises CommandError with the exact instruction instead."""
    command = f"apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise CommandError(f"{why} (on Debian: {command})")
    privilege = _privilege()
    if privilege is None:
        raise CommandError(f"{why}. Run as root: {command}")
    say(f"installing {' '.join(packages)}")
    LOCAL.mkdir(exist_ok=True)
    log = LOCAL / "packages.log"
    with log.open("a") as output:
        steps = [*privilege, "sh", "-c", _INSTALL, "sh", *packages]
        done = subprocess.run(steps, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise CommandError(f"{why}, and installing failed (see {log}). Run as root: {command}")


def _privilege() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    may_ask = sys.stdin.isatty() and sys.stderr.isatty()
    sudo = ["sudo"] if may_ask else ["sudo", "-n"]
    return sudo if subprocess.run([*sudo, "true"], check=False, capture_output=not may_ask).returncode == 0 else None
