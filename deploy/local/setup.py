"""Sets the checkout up for a command, in whatever Python >= 3.11 there is: `python -m deploy.local.setup COMMAND`.

Packages of the system and of Python are installed side by side.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploy.local import programs, python_packages, system_packages
from deploy.local.binaries import find_postgres, find_redis
from deploy.local.checkout import only_one, say
from deploy.local.commands import CommandError
from deploy.local.programs import find_chromium, find_curl, find_less, find_node, find_wrk

NEEDS_SERVERS = frozenset({"demo", "up", "test", "bench", "guarantees"})
NEEDS_TOOLS = frozenset({"test", "check", "bench", "guarantees"})
NEEDS_PROGRAMS: Mapping[str, Sequence[system_packages.Finder]] = {
    "test": (find_node, find_curl, find_less),
    "bench": (find_wrk,),
    "fresh": (programs.find_debootstrap,),
}
OPTIONAL: Mapping[str, Sequence[system_packages.Finder]] = {"test": (find_chromium,)}  # Ubuntu packages no browser
NEEDS_UNPACKED: Mapping[str, Sequence[programs.Unpacked]] = {"test": (programs.PROMTOOL,)}
NEEDS_NOTHING = frozenset({"down", "status", "logs", "env"})  # of what runs, or there is nothing to tell
NEEDS_NO_PACKAGES = frozenset({"fresh"})  # the roots that it makes set themselves up


def set_up(command: str) -> None:
    """Have on this machine what the command needs. Raises CommandError."""
    if command in NEEDS_NOTHING:
        return
    finders = [*NEEDS_PROGRAMS.get(command, ())]
    if command in NEEDS_SERVERS and not _servers_are_given():
        finders += [find_postgres, find_redis]
    lock = "dev" if command in NEEDS_TOOLS or python_packages.has_tools() else "run"
    incomplete = command not in NEEDS_NO_PACKAGES and not python_packages.is_current(lock)
    system_packages.ask_first(*finders, *OPTIONAL.get(command, ()))
    if incomplete:
        python_packages.ensure_venv_module()  # apt does one thing at a time
    with ThreadPoolExecutor(1) as beside:
        system = beside.submit(_install_programs, command, finders)
        if incomplete:
            _install_packages(lock)
        system.result()


def _install_programs(command: str, finders: Sequence[system_packages.Finder]) -> None:
    system_packages.ensure(*finders)
    for find in OPTIONAL.get(command, ()):
        _try_to_install(find)
    for program in NEEDS_UNPACKED.get(command, ()):
        program.ensure()


def _try_to_install(find: system_packages.Finder) -> None:
    try:
        system_packages.ensure(find)
    except CommandError as error:
        say(f"{error}. The tests that need it are skipped")


def _install_packages(lock: str) -> None:
    with only_one("setup"):
        if not python_packages.is_current(lock):
            python_packages.install(lock)


def _servers_are_given() -> bool:
    return bool(os.environ.get("ARXOS_DATABASE_URL") and os.environ.get("ARXOS_BROKER_URL"))


def main() -> None:
    """Set up, or say in one line why not."""
    try:
        set_up(sys.argv[1])
    except (CommandError, OSError) as error:
        sys.exit(f"run: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
