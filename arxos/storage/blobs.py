"""The blob store on a folder: content-addressed bytes, each file named by its own SHA-256."""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from arxos.domain.errors import InvalidError, NotFoundError, UnavailableError
from arxos.domain.ports import HeldBlob, StoredBlob

_NAME = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]+")
INCOMING = "incoming"
YOUNG_S = 60.0  # between a file and its lock lies a moment
PROBE = b"can blobs be written here?\n"  # always the same: its folders are left, and no others with every probe


@dataclass(frozen=True, slots=True)
class Room:
    """Of the file system that holds the blobs."""

    free_bytes: int
    total_bytes: int


def blob_store(url: str) -> "FileBlobStore":
    """The store at `file:///an/absolute/folder`. Raises InvalidError naming the setting for any other address."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise InvalidError(f"ARXOS_BLOB_URL: expected file:///an/absolute/folder, got {parts.scheme or 'no'}://…")
    return FileBlobStore(Path(unquote(parts.path)))


class FileBlobStore:
    """Blobs as files, two levels of folders deep: `ab/cd/abcd…`. Many processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, chunks: Iterable[bytes], *, limit_bytes: int) -> StoredBlob:
        """Store a stream; see `BlobStore.put`. A blob is there whole and on disk, or not at all."""
        with self._incoming() as file:
            blob = self._written(chunks, file, limit_bytes)
            with _translated(self._root):
                self._keep(Path(file.name), blob.sha256)
            return blob

    @contextmanager
    def _incoming(self) -> Iterator[IO[bytes]]:
        """A file beside the blobs, so that moving it is a rename; gone afterwards unless it was moved."""
        folder = self._root / INCOMING
        with _translated(self._root):
            self.close_to_others()
            folder.mkdir(exist_ok=True)
            file = tempfile.NamedTemporaryFile(dir=folder, delete=False)  # noqa: SIM115  (closed below)
            fcntl.flock(file, fcntl.LOCK_EX)  # for as long as it is open: see `remove_abandoned`
        try:
            with file:
                yield file
        finally:
            Path(file.name).unlink(missing_ok=True)

    def _written(self, chunks: Iterable[bytes], file: IO[bytes], limit_bytes: int) -> StoredBlob:
        """Only writing is the store's own risk: what goes wrong with the stream is its sender's."""
        digest, size = sha256(), 0
        for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:
                raise InvalidError(f"file is larger than {limit_bytes} bytes")
            digest.update(chunk)
            with _translated(self._root):
                file.write(chunk)
        if size == 0:
            raise InvalidError("file is empty")
        with _translated(self._root):
            file.flush()
            os.fsync(file.fileno())
        return StoredBlob(digest.hexdigest(), size)

    def _keep(self, written: Path, name: str) -> None:
        """Move it to its place; what is there already becomes young again, so that nobody collects it now."""
        target = self._path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._turn(name):
            try:
                os.utime(target)
            except FileNotFoundError:
                written.chmod(0o440)
                written.replace(target)
                _sync_folder(target.parent)

    @contextmanager
    def local_copy(self, sha256: str) -> Iterator[Path]:
        """The blob's own file: nothing is copied. Raises NotFoundError."""
        if not self.exists(sha256):
            raise NotFoundError(f"no blob {sha256!r}")
        yield self._path(sha256)

    def exists(self, sha256: str) -> bool:
        """Whether the store holds these bytes."""
        with _translated(self._root):
            return bool(_NAME.fullmatch(sha256)) and self._path(sha256).is_file()

    def walk(self, after: str = "") -> Iterator[HeldBlob]:
        """In order of their names; see `BlobStore.walk`."""
        for outer in _names(self._root, 2, after[:2]):
            for inner in _names(self._root / outer, 2, after[2:4] if outer == after[:2] else ""):
                for name in _names(self._root / outer / inner, 64, after):
                    with suppress(FileNotFoundError):  # it went meanwhile
                        file = (self._root / outer / inner / name).stat()
                        if name != after:
                            yield HeldBlob(name, file.st_size, time.time() - file.st_mtime)

    def remove(self, sha256: str, *, older_than_s: float) -> bool:
        """See `BlobStore.remove`. Whoever hands the same bytes in meanwhile comes before or after."""
        path = self._path(sha256)
        with _translated(self._root), self._turn(sha256):
            try:
                young_until = path.stat().st_mtime + older_than_s
            except FileNotFoundError:
                return False
            if old := time.time() > young_until:
                path.unlink()
        return old

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """One process at a time looks how old the bytes are and acts on it; whoever dies lets go."""
        folder = self._root / "turns"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name[:2]).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def close_to_others(self) -> None:
        """Keep users of neither our own nor the folder's group out of it, also out of what older versions wrote."""
        with _translated(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            mode = self._root.stat().st_mode
            if mode & 0o007:
                with suppress(PermissionError):  # it is somebody else's, who decides
                    self._root.chmod(mode & 0o7770)

    def remove_abandoned(self) -> int:
        """See `BlobStore.remove_abandoned`. Whoever writes holds a lock, which goes with the process."""
        with _translated(self._root), suppress(FileNotFoundError):
            return sum(_removed_if_abandoned(Path(entry)) for entry in os.scandir(self._root / INCOMING))
        return 0

    def probe(self) -> Room:
        """Store a few bytes and take them away again; what room there is. Raises UnavailableError."""
        name = self.put([PROBE], limit_bytes=len(PROBE)).sha256
        with _translated(self._root):
            self._path(name).unlink(missing_ok=True)  # somebody else may have probed, too
            usage = shutil.disk_usage(self._root)
        return Room(usage.free, usage.total)

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name[2:4] / name


def _removed_if_abandoned(written: Path) -> bool:
    with suppress(FileNotFoundError, BlockingIOError):  # it came to its end meanwhile, or is being written
        if time.time() - written.lstat().st_mtime > YOUNG_S and written.is_file() and not written.is_symlink():
            with written.open("rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                written.unlink()
                return True
    return False


def _names(folder: Path, length: int, first: str) -> list[str]:
    """What lies there and has a name of this many hexadecimal digits, from `first` on."""
    with _translated(folder), suppress(FileNotFoundError):
        return sorted(
            entry.name
            for entry in os.scandir(folder)
            if len(entry.name) == length and _HEX.fullmatch(entry.name) and entry.name >= first
        )
    return []


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"blob store {str(root)!r}: {error.strerror or error}") from error
