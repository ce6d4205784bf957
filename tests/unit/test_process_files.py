"""Files of processes are not for other users."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arxos.app.process_files import keep_files_private, tidy_files
from arxos.storage import blobs
from arxos.storage.blobs import FileBlobStore

CHILD = """
import os, sys
from arxos.app.process_files import keep_files_private
os.umask(int(sys.argv[1], 8))
keep_files_private()
print(oct(os.umask(0)))
"""


@pytest.mark.parametrize(("given", "kept"), [("022", "0o27"), ("002", "0o7"), ("077", "0o77"), ("000", "0o7")])
def test_others_get_nothing_and_the_group_what_the_operator_says(given: str, kept: str) -> None:
    said = subprocess.run([sys.executable, "-c", CHILD, given], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == kept


def test_a_blob_store_that_an_older_version_left_open_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "YOUNG_S", -1.0)
    root = tmp_path / "blobs"
    (root / "incoming").mkdir(parents=True)
    root.chmod(0o755)
    (root / "incoming" / "tmpdead").write_bytes(b"half")
    tidy_files(FileBlobStore(root))
    assert root.stat().st_mode & 0o777 == 0o750
    assert list((root / "incoming").iterdir()) == []


def test_a_store_that_cannot_be_reached_keeps_no_process_from_starting(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    tidy_files(FileBlobStore(tmp_path / "file" / "blobs"))


def test_the_umask_of_this_process_can_be_set() -> None:
    before = os.umask(0o022)
    try:
        keep_files_private()
        assert os.umask(0o022) == 0o027
    finally:
        os.umask(before)
