"""Temporary folders of this machine's processes: gone with the block, and after a kill -9 with the next one's start.

The holder keeps a lock on a file within, which the kernel takes from it however it dies: what is not locked is
abandoned. Names are random (mkdtemp), so nobody can prepare one for us.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "arxos-"
LOCK = ".held"
YOUNG_S = 60.0  # between a folder and its lock lies a moment; nobody needs a minute for that
UNLOCKED_S = 86_400.0  # a folder without any lock: of a version that made none, or of somebody who died in between


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """An empty folder for this process alone (mode 0700). What others of our user have abandoned goes first."""
    remove_abandoned()
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{purpose}-") as name:
        folder = Path(name)
        with _hold(folder):
            yield folder


def remove_abandoned() -> int:
    """Remove temporary folders of this user whose process is gone; how many."""
    abandoned = [path for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _is_abandoned(path)]
    for path in abandoned:
        shutil.rmtree(path, ignore_errors=True)
    return len(abandoned)


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_abandoned(folder: Path) -> bool:
    """Whether it is a folder of ours, no link, that no process holds."""
    with suppress(OSError):
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return False
        age_s = time.time() - status.st_mtime
        if not (folder / LOCK).exists():
            return age_s > UNLOCKED_S
        return age_s > YOUNG_S and _is_free(folder / LOCK)
    return False


def _is_free(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
