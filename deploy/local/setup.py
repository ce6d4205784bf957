"""Sets the checkout up for a command, in whatever Python >= 3.11 there is: `python -m deploy.local.setup COMMAND`.

`.venv` gets the locked packages and the project itself, in editable form. A stamp, written last, makes the next run
instant; an environment whose installation was cut off is made anew.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence

from deploy.local import system_packages
from deploy.local.binaries import find_chromium, find_node, find_postgres, find_redis, find_wrk
from deploy.local.checkout import ROOT, VENV, only_one, say
from deploy.local.commands import CommandError

NEEDS_SERVERS = frozenset({"demo", "up", "test", "bench", "guarantees"})
NEEDS_TOOLS = frozenset({"test", "check", "bench", "guarantees"})
NEEDS_PROGRAMS: Mapping[str, Sequence[system_packages.Finder]] = {
    "test": (find_chromium, find_node),
    "bench": (find_wrk,),
}
NEEDS_NOTHING = frozenset({"down", "status", "logs", "env"})  # of what runs, or there is nothing to tell

_PYTHON = VENV / "bin" / "python"
_STAMP = VENV / "set-up.json"
_HALF_MADE = VENV / "half-made"


def set_up(command: str) -> None:
    """Have on this machine what the command needs. Raises CommandError."""
    if command in NEEDS_NOTHING:
        return
    if command in NEEDS_SERVERS and not _servers_are_given():
        system_packages.ensure(find_postgres, find_redis)
    system_packages.ensure(*NEEDS_PROGRAMS.get(command, ()))
    lock = "dev" if command in NEEDS_TOOLS or "dev" in _stamp() else "run"
    if not _is_current(lock):
        with only_one("setup"):
            if not _is_current(lock):
                _install(lock)


def _servers_are_given() -> bool:
    return bool(os.environ.get("ARXOS_DATABASE_URL") and os.environ.get("ARXOS_BROKER_URL"))


def _is_current(lock: str) -> bool:
    return not _HALF_MADE.exists() and _stamp().get(lock) == _fingerprint(lock) and _works()


def _stamp() -> dict[str, str]:
    stamp: dict[str, str] = json.loads(_STAMP.read_text()) if _STAMP.exists() else {}
    return stamp


def _fingerprint(lock: str) -> str:
    """Changes with the lock, with what the project declares, and when the checkout is moved."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return hashlib.sha256(json.dumps([str(ROOT), project, locked]).encode()).hexdigest()


def _works(*arguments: str) -> bool:
    command = [str(_PYTHON), *(arguments or ("-c", ""))]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _install(lock: str) -> None:
    uv = _uv()
    if uv:
        try:
            return _install_with(uv, lock)
        except CommandError:
            say("uv could not do it (it reads other settings than pip): trying pip")
            _HALF_MADE.touch()
    return _install_with(None, lock)


def _install_with(uv: str | None, lock: str) -> None:
    if not _can_be_continued(uv):
        shutil.rmtree(VENV, ignore_errors=True)
        say("making .venv")
        _make_venv(uv)
    _HALF_MADE.touch()
    say(f"installing the Python packages of requirements/{lock}.txt")
    locked = ["--require-hashes", "--requirement", str(ROOT / "requirements" / f"{lock}.txt")]
    itself = ["--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    for what in (locked, itself):
        _run([*_installer(uv), "--quiet", *what])
    _STAMP.write_text(json.dumps({name: _fingerprint(name) for name in ("run", lock)}))
    _HALF_MADE.unlink()


def _can_be_continued(uv: str | None) -> bool:
    """Whether there is a whole `.venv` that this installer can add to. uv's own have no pip in them."""
    return not _HALF_MADE.exists() and _works() and (uv is not None or _works("-m", "pip", "--version"))


def _uv() -> str | None:
    """A uv that works: one on PATH may be a shim with nothing behind it."""
    uv = shutil.which("uv")
    return uv if uv and subprocess.run([uv, "--version"], check=False, capture_output=True).returncode == 0 else None


def _make_venv(uv: str | None) -> None:
    if uv:
        return _run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
    if importlib.util.find_spec("ensurepip") is None:  # Debian leaves it out of python3
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        system_packages.install([f"{version}-venv"], why=f"{sys.executable} cannot make virtual environments")
    VENV.mkdir(exist_ok=True)
    _HALF_MADE.touch()
    return _run([sys.executable, "-m", "venv", str(VENV)])


def _installer(uv: str | None) -> list[str]:
    if uv:
        return [uv, "pip", "install", "--python", str(_PYTHON)]
    return [str(_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


def _run(command: list[str]) -> None:
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        raise CommandError(f"set-up failed at: {' '.join(command)}")


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
