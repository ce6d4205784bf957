"""Finds programs on this machine: PostgreSQL >= 15 with PostGIS, Redis >= 7, and what tests and benchmarks use."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from deploy.local.checkout import LOCAL

POSTGRES_AT_LEAST = 15
REDIS_AT_LEAST = 7


class MissingProgramError(Exception):
    """A program that is not on this machine; the message names it, `packages` are Debian's names for it."""

    def __init__(self, message: str, *packages: str) -> None:
        super().__init__(message)
        self.packages = packages


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """The folder of `initdb` and `postgres`, and the major version of both."""

    folder: Path
    version: int


@cache
def find_postgres() -> PostgresBinaries:
    """The newest PostgreSQL that has PostGIS. Raises MissingProgramError."""
    found = [PostgresBinaries(folder, _postgres_version(folder)) for folder in _postgres_folders()]
    recent = [one for one in found if one.version >= POSTGRES_AT_LEAST]
    if not recent:
        missing = f"no PostgreSQL >= {POSTGRES_AT_LEAST} here"
        raise MissingProgramError(missing, "postgresql", "postgresql-postgis")
    with_postgis = [one for one in recent if _has_postgis(one.folder)]
    if not with_postgis:
        newest = max(one.version for one in recent)
        raise MissingProgramError(f"PostgreSQL {newest} has no PostGIS", f"postgresql-{newest}-postgis-3")
    return max(with_postgis, key=lambda one: one.version)


@cache
def find_redis() -> Path:
    """The Redis server program. Raises MissingProgramError."""
    program = _which("redis-server") or _by_another_name()
    version = _first_number(r"v=(\d+)", _output(str(program), "--version")) if program else 0
    if program is None or version < REDIS_AT_LEAST:
        found = f" (only {version})" if version else ""
        # Not redis-server: that starts a service on the standard port, now and at every boot.
        raise MissingProgramError(f"no Redis >= {REDIS_AT_LEAST} here{found}", "redis-tools")
    return program


def find_chromium() -> Path:
    """The browser that the console is tested in. Raises MissingProgramError."""
    return _found("chromium")


def find_wrk() -> Path:
    """What loads the HTTP interface in benchmarks. Raises MissingProgramError."""
    return _found("wrk")


def find_node() -> Path:
    """What runs the JavaScript of the guides. Raises MissingProgramError."""
    return _found("node", "nodejs")


def _found(program: str, package: str | None = None) -> Path:
    """The program; its Debian package has the same name unless one is named."""
    if found := _which(program):
        return found
    raise MissingProgramError(f"no {program} here", package or program)


def _by_another_name() -> Path | None:
    """Debian's redis-tools holds the server, too: one program that goes by the name it is called by."""
    program = _which("redis-check-rdb")
    if program is None:
        return None
    link = LOCAL / "bin" / "redis-server"
    if not link.is_symlink() or link.readlink() != program:
        link.parent.mkdir(parents=True, exist_ok=True)
        own = link.with_name(f"{link.name}.{uuid4().hex}")
        own.symlink_to(program)
        own.replace(link)  # at once: others look for it, too, and start it
    return link


def _postgres_folders() -> Iterator[Path]:
    for root in ("/usr/lib/postgresql", "/usr/local/lib/postgresql"):  # Debian keeps the servers off PATH
        yield from (initdb.parent for initdb in Path(root).glob("*/bin/initdb"))
    if on_path := _which("initdb"):
        yield on_path.resolve().parent


def _postgres_version(folder: Path) -> int:
    return _first_number(r"(\d+)", _output(str(folder / "postgres"), "--version"))


def _has_postgis(folder: Path) -> bool:
    shared = _output(str(folder / "pg_config"), "--sharedir").strip()
    return bool(shared) and (Path(shared) / "extension" / "postgis.control").exists()


def _which(program: str) -> Path | None:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/local/bin:/usr/bin")
    return Path(found) if found else None


def _output(program: str, option: str) -> str:
    try:
        return subprocess.run([program, option], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _first_number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0
