"""From an archive on disk to the plain file in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from arxos.domain.errors import UnavailableError
from arxos.formats.archives.bounds import Bounds, refuse
from arxos.formats.archives.inflate import gunzipped
from arxos.formats.archives.zip_member import read_member
from arxos.scratch import scratch_folder

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
MAGIC_BYTES = 4


@contextmanager
def unpacked(path: Path, suffix: str, bounds: Bounds = Bounds()) -> Iterator[Path]:  # noqa: B008 - a value
    """A path to the plain file, for as long as the context lasts: the file itself, or what it packs.

    Read are a gzip, a zip that holds one file with the suffix (`.ifc`), and that zip gzipped. Raises ModelRefusedError
    naming what is wrong with an archive, UnavailableError where the temporary folder is full.
    """
    packed_bytes = path.stat().st_size
    with scratch_folder("model") as folder:
        limit = bounds.unpacked(packed_bytes)
        if _magic(path).startswith(GZIP):
            with path.open("rb") as file:
                path = _copy(gunzipped(file, bounds.gzip_members), folder / "gunzipped", limit)
        if _magic(path) == ZIP:
            with path.open("rb") as file:
                content = read_member(file, _named(suffix), suffix, bounds)
                path = _copy(content, folder / "member", limit)
        if _magic(path).startswith((GZIP, ZIP)):
            refuse("it holds another archive")
        yield path


def _magic(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAGIC_BYTES)


def _named(suffix: str) -> Callable[[str], bool]:
    # macOS adds a file of its own attributes for each that it packs, under the same name
    return lambda name: name.lower().endswith(suffix) and not name.startswith("__MACOSX/")


def _copy(chunks: Iterator[bytes], target: Path, limit: int) -> Path:
    written = 0
    try:
        with target.open("wb") as file:
            for chunk in chunks:
                written += len(chunk)
                if written > limit:
                    refuse(f"it unpacks to more than {limit:,} bytes")
                file.write(chunk)
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise UnavailableError("no room to unpack an archive: the temporary folder is full") from error
        raise
    return target
