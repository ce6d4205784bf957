"""How much memory a process uses, together with the processes that it started. From Linux' /proc; elsewhere nothing."""

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MEBIBYTE = 1 << 20


def is_beyond(pid: int, limit_mb: int) -> int | None:
    """What the family uses in MiB, where that is more than the limit, else None.

    The quick count is what is resident in each process. Only where that is too much are pages which several share
    divided among them: a forked child looks as large as its parent, and costs little.
    """
    members = list(family(pid))
    if sum(map(_resident, members)) <= limit_mb * MEBIBYTE:
        return None
    used = sum(map(_proportional, members)) // MEBIBYTE
    return used if used > limit_mb else None


def used_bytes(pid: int) -> int:
    """What is resident of the family, pages that several share counted once. 0 where there is no /proc."""
    return sum(map(_proportional, family(pid)))


def family(pid: int) -> Iterator[int]:
    """The process and what it started, and those, and so on; children follow their parents."""
    yield pid
    with suppress(OSError):  # it ends meanwhile
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from family(int(child))


def _resident(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def _proportional(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(pid)
