"""Finds the server programs on this machine: PostgreSQL >= 15 with PostGIS, Redis >= 7."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

POSTGRES_AT_LEAST = 15
REDIS_AT_LEAST = 7


class MissingServerError(Exception):
    """A server program that is not on this machine; the message says what to install."""


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """The folder of `initdb` and `postgres`, and the major version of both."""

    folder: Path
    version: int


@cache
def find_postgres() -> PostgresBinaries:
    """The newest PostgreSQL that has PostGIS. Raises MissingServerError."""
    found = [PostgresBinaries(folder, _postgres_version(folder)) for folder in _postgres_folders()]
    recent = [one for one in found if one.version >= POSTGRES_AT_LEAST]
    if not recent:
        raise MissingServerError(f"no PostgreSQL >= {POSTGRES_AT_LEAST}: install postgresql and its PostGIS package")
    with_postgis = [one for one in recent if _has_postgis(one.folder)]
    if not with_postgis:
        wanted = f"postgresql-{max(one.version for one in recent)}-postgis-3"
        raise MissingServerError(f"PostgreSQL has no PostGIS: install {wanted}")
    return max(with_postgis, key=lambda one: one.version)


@cache
def find_redis() -> Path:
    """The Redis server program. Raises MissingServerError."""
    program = shutil.which("redis-server", path=_search_path())
    if program is None:
        raise MissingServerError(f"no Redis >= {REDIS_AT_LEAST}: install redis-server")
    version = _first_number(r"v=(\d+)", _output(program, "--version"))
    if version < REDIS_AT_LEAST:
        raise MissingServerError(f"Redis {version} is too old: install redis-server >= {REDIS_AT_LEAST}")
    return Path(program)


def _postgres_folders() -> Iterator[Path]:
    for root in ("/usr/lib/postgresql", "/usr/local/lib/postgresql"):  # Debian keeps the servers off PATH
        yield from (initdb.parent for initdb in Path(root).glob("*/bin/initdb"))
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent


def _postgres_version(folder: Path) -> int:
    return _first_number(r"(\d+)", _output(str(folder / "postgres"), "--version"))


def _has_postgis(folder: Path) -> bool:
    shared = _output(str(folder / "pg_config"), "--sharedir").strip()
    return bool(shared) and (Path(shared) / "extension" / "postgis.control").exists()


def _search_path() -> str:
    return ":".join([os.environ.get("PATH", ""), "/usr/local/bin", "/usr/bin", "/usr/sbin"])


def _output(program: str, option: str) -> str:
    try:
        return subprocess.run([program, option], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _first_number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0
