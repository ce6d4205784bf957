"""Installs the locked Python packages and the project itself, in editable form, into the virtual environment.

uv does it, because it downloads in parallel: the one on PATH, or a locked one from an environment of its own below
`.local/installer`. Where uv cannot, pip does. A stamp, written last, makes the next run instant; an environment whose
installation was cut off is made anew.
"""

import ast
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import system_packages
from deploy.local.checkout import LOCAL, ROOT, VENV, say
from deploy.local.commands import CommandError

_PYTHON = VENV / "bin" / "python"
_STAMP = VENV / "set-up.json"
_HALF_MADE = VENV / "half-made"
_INSTALLER = LOCAL / "installer"
_CACHE = LOCAL / "cache"  # not the user's: nothing outside the checkout is touched


@dataclass(frozen=True, slots=True)
class Installer:
    """A program that makes virtual environments and installs into them; `variables` go into its environment."""

    make: Sequence[str]
    install: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    needs_pip: bool = False  # inside the environment


def is_current(lock: str) -> bool:
    """Whether the environment holds what `requirements/{lock}.txt` names, and works."""
    return not _HALF_MADE.exists() and _stamp().get(lock) == _fingerprint(lock) and _works()


def has_tools() -> bool:
    """Whether the development packages were installed once: then they are kept up to date."""
    return "dev" in _stamp()


def install(lock: str) -> None:
    """Install `requirements/{lock}.txt` ("run" or "dev") and the project. Raises CommandError."""
    ensure_venv_module()
    if uv := _uv():
        try:
            return _install_with(uv, lock)
        except CommandError as error:
            say(f"{error}: trying pip instead of uv")  # which has settings of its own, such as another index
            _HALF_MADE.touch()
    return _install_with(_PIP, lock)


def ensure_venv_module() -> None:
    """Have what `python -m venv` needs, which Debian leaves out of python3. Raises CommandError."""
    if importlib.util.find_spec("ensurepip") is None:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        system_packages.install([f"{version}-venv"], why=f"{sys.executable} cannot make virtual environments")


_PIP = Installer(
    make=[sys.executable, "-m", "venv", str(VENV)],
    install=[str(_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"],
    variables={"PIP_CACHE_DIR": str(_CACHE / "pip")},
    needs_pip=True,
)


def _install_with(installer: Installer, lock: str) -> None:
    if not _can_be_continued(installer):
        shutil.rmtree(VENV, ignore_errors=True)
        say(f"making {VENV.relative_to(ROOT)} with Python {platform.python_version()} ({sys.executable})")
        VENV.mkdir(parents=True)
        _HALF_MADE.touch()
        _run([*installer.make, *(["--allow-existing"] if not installer.needs_pip else [])], installer.variables)
    _HALF_MADE.touch()
    file = ROOT / "requirements" / f"{lock}.txt"
    locked = ["--require-hashes", "--requirement", str(file)]
    itself = ["--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    say(f"installing {_count(file)} Python packages of requirements/{file.name}")
    began = time.monotonic()
    for what in (locked, itself):
        _run([*installer.install, *what], installer.variables)
    say(f"installed the Python packages in {time.monotonic() - began:.0f} s")
    _STAMP.write_text(json.dumps({name: _fingerprint(name) for name in ("run", lock)}))
    _HALF_MADE.unlink()


def _count(file: Path) -> int:
    return sum("==" in line for line in file.read_text().splitlines())


def _can_be_continued(installer: Installer) -> bool:
    """Whether there is a whole environment that this installer can add to. uv's own have no pip in them."""
    return not _HALF_MADE.exists() and _works() and (not installer.needs_pip or _works("-m", "pip", "--version"))


def _uv() -> Installer | None:
    """The uv on PATH, or our own, configured as pip is on this machine; None where neither works."""
    if (on_path := shutil.which("uv")) and _answers([on_path, "--version"]):  # it may be a shim with nothing behind it
        return _by_uv(on_path, {})
    own = _INSTALLER / "bin" / "uv"
    if not _answers([str(own), "--version"]):
        try:
            _install_uv()
        except CommandError as error:
            say(f"{error}: installing without uv")
            return None
    return _by_uv(str(own), _as_configured_for_pip() | {"UV_CACHE_DIR": str(_CACHE / "uv")})


def _by_uv(program: str, variables: Mapping[str, str]) -> Installer:
    # As with pip: certificates that the system trusts are good, and modules are compiled (some forbid it at run time).
    return Installer(
        make=[program, "venv", "--quiet", "--python", sys.executable, str(VENV)],
        install=[program, "pip", "install", "--python", str(_PYTHON)],
        variables={"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1", **variables},
    )


def _install_uv() -> None:
    say("installing uv, which installs the rest")
    shutil.rmtree(_INSTALLER, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(_INSTALLER)], {})
    locked = ["--require-hashes", "--requirement", str(ROOT / "requirements" / "installer.txt")]
    pip = [str(_INSTALLER / "bin" / "python"), "-m", "pip", "install", *_PIP.install[4:], "--quiet"]
    _run([*pip, "--no-cache-dir", *locked], {})


def _as_configured_for_pip() -> dict[str, str]:
    """An index of packages that this machine's pip is told to use, for uv, which does not read pip's settings."""
    listed = [str(_INSTALLER / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "config", "list"]
    lines = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.splitlines()
    told = {name.rpartition(".")[2]: value for name, _, value in (line.partition("=") for line in lines)}
    return {"UV_DEFAULT_INDEX": str(ast.literal_eval(told["index-url"]))} if "index-url" in told else {}


def _stamp() -> dict[str, str]:
    stamp: dict[str, str] = json.loads(_STAMP.read_text()) if _STAMP.exists() else {}
    return stamp


def _fingerprint(lock: str) -> str:
    """Changes with the lock, with what the project declares, and when the checkout is moved."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return hashlib.sha256(json.dumps([str(ROOT), project, locked]).encode()).hexdigest()


def _works(*arguments: str) -> bool:
    return _answers([str(_PYTHON), *(arguments or ("-c", ""))])


def _answers(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _run(command: Sequence[str], variables: Mapping[str, str]) -> None:
    temporary = _CACHE / "tmp"  # uv forgets its locks there
    temporary.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"TMPDIR": str(temporary), **variables}
    stream = None if sys.stderr.isatty() else subprocess.PIPE  # a terminal gets bars
    with subprocess.Popen(command, env=environment, stdout=sys.stderr, stderr=stream, text=True) as running:
        for line in running.stderr or ():
            if not line.startswith(" + "):  # the lock says which versions
                say(line.rstrip())
    if running.returncode != 0:
        raise CommandError(f"set-up failed at: {' '.join(command)}")
