"""Temporary folders, also of processes that were killed."""

import ast
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arxos import scratch
from arxos.scratch import LOCK, UNLOCKED_S, remove_abandoned, scratch_folder

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from arxos.scratch import scratch_folder
with scratch_folder("test") as folder:
    (folder / "large").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    time.sleep(600)
"""
# Who may use `tempfile`, and for what: everything else goes through scratch_folder, which finds what was left.
USERS = {"arxos/scratch.py", "arxos/storage/blobs.py", "arxos/app/components.py"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "YOUNG_S", 0.0)
    return tmp_path


@pytest.fixture
def holder(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a temporary folder of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    yield process, folder
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_folder_is_private_and_goes_with_its_block(temporary: Path) -> None:
    with scratch_folder("test") as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / LOCK).stat().st_mode & 0o777 == 0o600
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_goes_when_another_begins(holder: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = holder
    assert remove_abandoned() == 0
    assert (folder / "large").exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with scratch_folder("test") as own:
        assert not folder.exists()
        assert own.exists()


def test_a_young_folder_is_left_alone(
    holder: tuple[subprocess.Popen[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, folder = holder
    process.kill()
    process.wait()
    monkeypatch.setattr(scratch, "YOUNG_S", 3600.0)
    assert remove_abandoned() == 0
    assert folder.exists()


def test_a_folder_without_a_lock_goes_after_a_day(temporary: Path) -> None:
    folder = temporary / "arxos-old"
    folder.mkdir()
    assert remove_abandoned() == 0
    past = time.time() - UNLOCKED_S - 1
    os.utime(folder, (past, past))
    assert remove_abandoned() == 1


def test_links_and_files_of_that_name_are_left_alone(temporary: Path) -> None:
    target = temporary / "precious"
    target.mkdir()
    (target / LOCK).write_bytes(b"")
    (temporary / "arxos-link").symlink_to(target)
    (temporary / "arxos-file").write_bytes(b"")
    trap = temporary / "arxos-trap"
    trap.mkdir()
    (trap / LOCK).symlink_to(target / LOCK)
    assert remove_abandoned() == 0
    assert (target / LOCK).exists()


def test_nothing_else_makes_temporary_files() -> None:
    found = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "arxos").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.Import) and "tempfile" in [name.name for name in node.names])
        or (isinstance(node, ast.ImportFrom) and node.module == "tempfile")
    }
    assert found <= USERS
