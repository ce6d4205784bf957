"""What a blob store does, shown on the one in a folder."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from arxos.domain.errors import InvalidError, NotFoundError, UnavailableError
from arxos.domain.ports import BlobStore
from arxos.storage import blobs as storage
from arxos.storage.blobs import FileBlobStore, blob_store


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return FileBlobStore(tmp_path / "blobs")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "turns"]


def test_bytes_come_back_under_their_hash(blobs: BlobStore) -> None:
    stored = blobs.put([b"some ", b"", b"bytes"], limit_bytes=10)
    assert (stored.sha256, stored.size_bytes) == (sha256(b"some bytes").hexdigest(), 10)
    assert blobs.exists(stored.sha256)
    with blobs.local_copy(stored.sha256) as path:
        assert path.read_bytes() == b"some bytes"


def test_the_same_bytes_are_stored_once(blobs: BlobStore, tmp_path: Path) -> None:
    assert blobs.put([b"x"], limit_bytes=10) == blobs.put([b"x"], limit_bytes=10)
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("chunks", [[], [b""], [b"12345", b"6"]])
def test_nothing_and_too_much_are_refused_and_leave_nothing(
    blobs: BlobStore, tmp_path: Path, chunks: list[bytes]
) -> None:
    with pytest.raises(InvalidError):
        blobs.put(chunks, limit_bytes=5)
    assert files(tmp_path) == []


def test_a_stream_that_breaks_off_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("sender went away")

    with pytest.raises(ConnectionError, match="went away"):
        blobs.put(broken(), limit_bytes=100)
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "ABC"])
def test_what_is_not_there_is_not_found(blobs: BlobStore, name: str) -> None:
    assert not blobs.exists(name)
    with pytest.raises(NotFoundError), blobs.local_copy(name):
        pass


def test_a_folder_that_cannot_be_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnavailableError, match="blob store"):
        FileBlobStore(tmp_path / "file").put([b"x"], limit_bytes=1)


def test_the_address_of_a_store_is_a_file_url(tmp_path: Path) -> None:
    store = blob_store(f"{tmp_path.as_uri()}/with%20space")
    store.put([b"x"], limit_bytes=1)
    assert (tmp_path / "with space").is_dir()


@pytest.mark.parametrize("url", ["", "s3://bucket", "file://host/path", "/plain/path", "file:relative"])
def test_another_address_is_refused_naming_the_setting(url: str) -> None:
    with pytest.raises(InvalidError, match="ARXOS_BLOB_URL"):
        blob_store(url)


def names(blobs: BlobStore, after: str = "") -> list[str]:
    return [held.sha256 for held in blobs.walk(after)]


def test_a_walk_meets_every_blob_in_order_of_their_names(blobs: BlobStore) -> None:
    stored = sorted(blobs.put([b"%d" % i], limit_bytes=10).sha256 for i in range(20))
    assert names(blobs) == stored
    assert [names(blobs, stored[i]) for i in range(20)] == [stored[i + 1 :] for i in range(20)]


def test_a_walk_tells_size_and_age_and_nothing_of_uploads_that_are_on_their_way(
    blobs: BlobStore, tmp_path: Path
) -> None:
    stored = blobs.put([b"12345"], limit_bytes=10)
    (tmp_path / "blobs" / "incoming" / "tmp123").write_bytes(b"half")
    [held] = blobs.walk()
    assert (held.sha256, held.size_bytes) == (stored.sha256, 5)
    assert 0 <= held.age_s < 60


def test_an_empty_store_can_be_walked(blobs: BlobStore) -> None:
    assert names(blobs) == []


def test_what_is_old_enough_can_be_removed_and_handed_in_again(blobs: BlobStore) -> None:
    stored = blobs.put([b"x"], limit_bytes=1)
    assert not blobs.remove(stored.sha256, older_than_s=60)
    assert blobs.exists(stored.sha256)
    assert blobs.remove(stored.sha256, older_than_s=-1)
    assert not blobs.exists(stored.sha256)
    assert not blobs.remove(stored.sha256, older_than_s=-1)
    assert blobs.put([b"x"], limit_bytes=1) == stored
    assert blobs.exists(stored.sha256)


def test_bytes_that_are_handed_in_again_are_young_again(blobs: BlobStore, tmp_path: Path) -> None:
    stored = blobs.put([b"x"], limit_bytes=1)
    [file] = files(tmp_path)
    os.utime(file, (0, 0))
    blobs.put([b"x"], limit_bytes=1)
    assert not blobs.remove(stored.sha256, older_than_s=60)


def test_who_hands_in_what_is_just_being_removed_stores_it_anew(
    blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = blobs.put([b"x"], limit_bytes=1)
    [file] = files(tmp_path)
    os.utime(file, (0, 0))
    other = threading.Thread(target=lambda: blobs.put([b"x"], limit_bytes=1))

    def meanwhile() -> float:
        """Asked for when the bytes' age is known, and before they go."""
        other.start()
        other.join(0.5)
        return datetime.now(UTC).timestamp()

    monkeypatch.setattr("arxos.storage.blobs.time", SimpleNamespace(time=meanwhile))
    assert blobs.remove(stored.sha256, older_than_s=60)
    other.join()
    assert blobs.exists(stored.sha256)


def test_nothing_that_somebody_hands_in_is_lost_to_a_removal_at_the_same_time(blobs: BlobStore, tmp_path: Path) -> None:
    """Whoever was told that the bytes are stored finds them, whatever the collector does."""
    stored = blobs.put([b"x"], limit_bytes=1)
    stop = threading.Event()

    def collect() -> None:
        while not stop.is_set():
            blobs.remove(stored.sha256, older_than_s=60)

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for _ in range(300):
            with suppress(FileNotFoundError):
                os.utime(blobs._path(stored.sha256), (0, 0))  # type: ignore[attr-defined]
            blobs.put([b"x"], limit_bytes=1)
            assert blobs.exists(stored.sha256)
    finally:
        stop.set()
        collector.join()
    assert blobs.exists(stored.sha256)


WRITE = """
import sys, time
from pathlib import Path
from arxos.storage.blobs import FileBlobStore
def stream():
    yield b"half of a model"
    print("begun", flush=True)
    time.sleep(600)
    yield b"never"
FileBlobStore(Path(sys.argv[1])).put(stream(), limit_bytes=1000)
"""


def test_what_a_killed_process_had_begun_to_store_is_collected_and_what_is_being_stored_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "YOUNG_S", -1.0)
    store = FileBlobStore(tmp_path)
    writer = subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    with writer.stdout as said:
        assert said.readline() == b"begun\n"
    assert store.remove_abandoned() == 0
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert store.remove_abandoned() == 1
    assert list((tmp_path / "incoming").iterdir()) == []


def test_what_was_begun_a_moment_ago_is_not_collected_and_links_are_not_followed(tmp_path: Path) -> None:
    store = FileBlobStore(tmp_path / "blobs")
    assert store.remove_abandoned() == 0
    store.put([b"x"], limit_bytes=1)
    (tmp_path / "blobs" / "incoming" / "tmpyoung").write_bytes(b"")
    (tmp_path / "precious").write_bytes(b"")
    os.utime(tmp_path / "precious", (0, 0))
    (tmp_path / "blobs" / "incoming" / "tmplink").symlink_to(tmp_path / "precious")
    os.utime(tmp_path / "blobs" / "incoming" / "tmplink", (0, 0), follow_symlinks=False)
    assert store.remove_abandoned() == 0
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_no_other_user_may_read_what_is_stored(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        store = FileBlobStore(tmp_path / "blobs")
        store.put([b"secret"], limit_bytes=100)
    finally:
        os.umask(before)
    assert (tmp_path / "blobs").stat().st_mode & 0o007 == 0
    assert [path for path in files(tmp_path) if path.stat().st_mode & 0o007] == []
