"""What a blob store does, shown on the one in a folder."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from arxos.domain.errors import InvalidError, NotFoundError, UnavailableError
from arxos.domain.ports import BlobStore
from arxos.storage.blobs import FileBlobStore, blob_store


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return FileBlobStore(tmp_path / "blobs")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


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
