"""Memory of a process and everything that it started, sampled from /proc."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

EVERY_S = 0.1


@dataclass
class Peak:
    """The highest sum seen, in MiB. Shared pages are counted once, in parts (PSS)."""

    mb: float = 0.0


@contextmanager
def peak_of_sessions(*leaders: int) -> Iterator[Peak]:
    """Watch all processes of the sessions that these processes lead, while the context lasts."""
    peak, stop = Peak(), threading.Event()

    def watch() -> None:
        while not stop.wait(EVERY_S):
            peak.mb = max(peak.mb, sum(_pss_mb(pid) for pid in _members(frozenset(leaders))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def highest_of_sessions(*leaders: int) -> float:
    """The most that any one living process of these sessions ever held, in MiB, shared pages and all."""
    return max((_high_water_mb(pid) for pid in _members(frozenset(leaders))), default=0.0)


def _members(leaders: frozenset[int]) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(ProcessLookupError, PermissionError):
                if os.getsid(int(entry.name)) in leaders:
                    yield int(entry.name)


def _pss_mb(pid: int) -> float:
    with suppress(OSError):  # it has ended
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _high_water_mb(pid: int) -> float:
    with suppress(OSError):  # it has ended
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
