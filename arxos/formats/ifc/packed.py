"""Files within files: gzip and .ifczip, unpacked as a stream and within bounds."""

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from arxos.domain.errors import ModelRefusedError

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
_CHUNK = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a packed file may hold. IFC text shrinks 5 to 20 times; a bomb a thousand times."""

    bytes: int = 8 << 30
    ratio: int = 200
    free_bytes: int = 16 << 20  # up to here the ratio is not looked at


@contextmanager
def unpacked(path: Path, bounds: Bounds = Bounds()) -> Iterator[Path]:
    """A path to the plain file, for as long as the context lasts: the file itself, or what it packs (up to twice).

    Raises ModelRefusedError for a broken archive, one that holds no or several .ifc files, and a bomb.
    """
    with tempfile.TemporaryDirectory(prefix="arxos-") as folder:
        for layer in range(2):
            opened = _packed(path)
            if opened is None:
                break
            path = _copy(opened, Path(folder) / f"layer-{layer}", path.stat().st_size, bounds)
        yield path


def _packed(path: Path) -> IO[bytes] | None:
    with path.open("rb") as file:
        magic = file.read(4)
    try:
        if magic.startswith(GZIP):
            return cast("IO[bytes]", gzip.open(path))
        return _member(zipfile.ZipFile(path)) if magic == ZIP else None
    except _BROKEN as error:
        raise ModelRefusedError(f"broken archive: {error}") from error


def _member(archive: zipfile.ZipFile) -> IO[bytes]:
    names = [name for name in archive.namelist() if name.lower().endswith(".ifc") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise ModelRefusedError(f"an archive must hold exactly one .ifc file, this one holds {len(names)}")
    return archive.open(names[0])


def _copy(packed: IO[bytes], target: Path, packed_bytes: int, bounds: Bounds) -> Path:
    limit = min(bounds.bytes, max(bounds.free_bytes, packed_bytes * bounds.ratio))
    written = 0
    try:
        with packed, target.open("wb") as file:
            while chunk := packed.read(_CHUNK):
                written += file.write(chunk)
                if written > limit:
                    raise ModelRefusedError(f"archive of {packed_bytes} bytes unpacks to more than {limit}")
    except _BROKEN as error:
        raise ModelRefusedError(f"broken archive: {error}") from error
    return target
