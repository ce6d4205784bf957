"""Finds the servers on this machine: PostgreSQL >= 15 with PostGIS, Redis >= 7 or Valkey."""

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
    program = which("redis-server") or which("valkey-server") or _by_another_name()
    version = _first_number(r"v=(\d+)", _output(str(program), "--version")) if program else 0
    if program is None or version < REDIS_AT_LEAST:
        found = f" (only {version})" if version else ""
        # Not redis-server: that starts a service on the standard port, now and at every boot.
        raise MissingProgramError(f"no Redis >= {REDIS_AT_LEAST} here{found}", "redis-tools")
    return program


def _by_another_name() -> Path | None:
    """Debian's redis-tools holds the server, too: one program that goes by the name it is called by."""
    program = which("redis-check-rdb")
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
    if on_path := which("initdb"):
        yield on_path.resolve().parent


def _postgres_version(folder: Path) -> int:
    return _first_number(r"(\d+)", _output(str(folder / "postgres"), "--version"))


def _has_postgis(folder: Path) -> bool:
    told = _output(str(folder / "pg_config"), "--sharedir").strip()  # Fedora has it in a package for developers only
    shared = [Path(told)] if told else [folder.parent / "share" / name for name in ("pgsql", "postgresql")]
    return any((one / "extension" / "postgis.control").exists() for one in shared)


def which(program: str) -> Path | None:
    """The program on PATH, or where Debian puts it although the user's PATH may leave it out."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/local/bin:/usr/bin:/usr/sbin")
    return Path(found) if found else None


def _output(program: str, option: str) -> str:
    try:
        return subprocess.run([program, option], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _first_number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0
